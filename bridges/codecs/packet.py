"""The `packet` codec: the hub's own sensor packet, checked against its published JSON Schema (`schemas/packet.json`).

The same check serves REST and MQTT; it lists every fault with its place, in plain words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import orjson

from bridges.codecs.base import Codec, Incoming
from bridges.codecs.device_time import read_moment
from bridges.codecs.document import read_json
from telemetry.values import Decoded, DecodeFault, Json, Reading

PACKET_SCHEMA: Final[dict[str, Any]] = orjson.loads((Path(__file__).parent / "schemas" / "packet.json").read_bytes())
_VALIDATOR = jsonschema_rs.Draft202012Validator(PACKET_SCHEMA, validate_formats=True, offline=True)

_NAME = "must be 1 to 100 visible characters"
_PATTERNS = {
    "device_id": "must be 1 to 64 letters, digits or _ . : - (no '+', '#', '/' or space)",
    "status": "must be at most 200 characters, without NUL",
    "unit": "must be at most 32 visible characters",
    "name": _NAME,
}
_TYPES = {
    "string": "text",
    "number": "a number",
    "object": "an object",
    "array": "a list",
    "null": "null",
}


@dataclass(frozen=True, slots=True)
class PacketFault:
    """One fault of a packet; `path` is a JSON pointer, '' for the packet itself."""

    path: str
    message: str


class PacketCodec(Codec):
    """The value is the packet as it is. Measurements become readings with their units, `battery` one in '%'."""

    name = "packet"
    label = "Sensor packet"
    help = "JSON with device_id, timestamp, measurements, and perhaps status and battery"

    def decode(self, state: Json, incoming: Incoming) -> tuple[Json, Sequence[Decoded]]:
        """Exactly one result; raises DecodeFault that lists all faults of the packet."""
        document = read_json(incoming.payload)
        faults = packet_faults(document)
        if faults:
            raise DecodeFault("; ".join(f"{fault.path or 'packet'} {fault.message}" for fault in faults[:20]))
        decoded = Decoded(
            document, _readings(document), device=document["device_id"], time=read_moment(document["timestamp"])
        )
        return state, (decoded,)


def packet_faults(document: Json) -> list[PacketFault]:
    """Everything wrong with a packet; [] if it is one."""
    try:
        faults = [fault for error in _VALIDATOR.iter_errors(document) for fault in _said(error)]
    except ValueError:
        return [PacketFault("", "is nested too deep, or holds what JSON does not have")]
    if not faults:
        faults = [*_time_faults(document), *_twin_faults(document)]
    return sorted(set(faults), key=lambda fault: (fault.path, fault.message))


def _said(error: jsonschema_rs.ValidationError) -> Iterator[PacketFault]:
    path = "".join(f"/{_escaped(step)}" for step in error.instance_path)
    kind, detail = error.kind.name, error.kind.as_dict()
    if kind == "required":
        yield PacketFault(f"{path}/{_escaped(detail['property'])}", "is missing")
    elif kind == "additionalProperties":
        for name in detail["unexpected"]:
            yield PacketFault(f"{path}/{_escaped(name)}", "is not a field here")
    elif kind == "propertyNames":
        yield PacketFault(path, f"the name of a measurement {_NAME}")
    else:
        yield PacketFault(path, _message(error, kind, detail))


def _message(error: jsonschema_rs.ValidationError, kind: str, detail: dict[str, Any]) -> str:
    if kind == "type":
        wanted = " or ".join(sorted(_TYPES[name] for name in detail["types"]))
        return f"must be {wanted}, not {_type_said(error.instance)}"
    if kind == "pattern":
        return _PATTERNS[str(error.instance_path[-1])]
    if kind == "format":
        return "must be RFC 3339 with its offset, as 2026-01-31T12:00:00Z, or seconds since 1970"
    if kind == "maximum" and error.instance_path[-1] == "timestamp":
        return "must be in seconds since 1970, not in milliseconds"
    bound = f"{detail['limit']:,}" if "limit" in detail else ""
    return {
        "minimum": f"must be at least {bound}",
        "maximum": f"must be at most {bound}",
        "maxItems": f"must have at most {bound} measurements",
        "maxProperties": f"must have at most {bound} measurements",
    }.get(kind, error.message)


def _type_said(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    for kind, said in ((str, "text"), (int, "a number"), (float, "a number"), (dict, "an object"), (list, "a list")):
        if isinstance(value, kind):
            return said
    return "null"


def _escaped(step: str | int) -> str:
    """A step of a JSON pointer (RFC 6901)."""
    return str(step).replace("~", "~0").replace("/", "~1")


def _time_faults(packet: Json) -> Iterator[PacketFault]:
    """RFC 3339 allows leap seconds and years that no calendar here holds."""
    if read_moment(packet["timestamp"]) is None:
        yield PacketFault("/timestamp", "is a time that cannot be kept: a leap second, or beyond the years 1 to 9999")


def _twin_faults(packet: Json) -> Iterator[PacketFault]:
    seen: set[str] = set()
    listed = packet["measurements"] if isinstance(packet["measurements"], list) else ()
    for place, one in enumerate(listed):
        if one["name"] in seen:
            yield PacketFault(f"/measurements/{place}/name", f"{one['name']!r} comes twice")
        seen.add(one["name"])


def _readings(packet: Json) -> tuple[Reading, ...]:
    readings = {name: Reading(name, float(value), unit) for name, value, unit in _measured(packet["measurements"])}
    if packet.get("battery") is not None:
        readings.setdefault("battery", Reading("battery", float(packet["battery"]), "%"))
    return tuple(readings.values())


def _measured(measurements: Json) -> Iterator[tuple[str, float, str]]:
    """Name, value and unit of each that has a value."""
    pairs = measurements.items() if isinstance(measurements, dict) else ((one["name"], one) for one in measurements)
    for name, one in pairs:
        value, unit = (one["value"], one.get("unit", "")) if isinstance(one, dict) else (one, "")
        if value is not None:
            yield name, value, unit
