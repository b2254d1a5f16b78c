"""The `shelly2` codec: Shelly devices since Gen2 (status, RPC notifications), and Shelly BLU sensors behind them.

A notification tells only what changed; what it does not tell is no news. Units: the Shelly Gen2 API documentation and
BTHome. Events (button presses) are kept without readings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bridges.codecs.availability import availability
from bridges.codecs.base import Codec, Incoming, check_size
from bridges.codecs.device_time import read_time
from bridges.codecs.document import read_json, text_or_json
from bridges.codecs.measures import leaves, number_of, readings_from
from telemetry.values import Decoded, DecodeFault, Json, Reading

_SKIP: Final = frozenset({"id", "ts", "by_minute", "minute_ts", "errors", "flags", "tF", "rotation_event"})
_RADIO: Final = frozenset({"cloud", "mqtt", "ws", "ble", "ui", "eth", "script", "schedule", "modbus", "knx", "matter"})
_OF_ONE: Final = {"sys": frozenset({"uptime"}), "wifi": frozenset({"rssi"})}  # all else there is no measurement

_UNITS: Final = {
    "apower": "W", "act_power": "W", "aprt_power": "VA", "reactive_power": "var", "voltage": "V", "current": "A",
    "freq": "Hz", "tC": "°C", "rh": "%", "lux": "lx", "illuminance": "lx", "percent": "%", "battery.V": "V",
    "aenergy.total": "Wh", "ret_aenergy.total": "Wh", "act_energy": "Wh", "act_ret_energy": "Wh", "current_pos": "%",
    "brightness": "%", "rssi": "dBm", "uptime": "s",
}  # fmt: skip

_BTHOME: Final = {
    "battery": ("battery", "%"), "temperature": ("temperature", "°C"), "humidity": ("humidity", "%"),
    "illuminance": ("illuminance", "lx"), "rssi": ("rssi", "dBm"), "window": ("window", ""), "motion": ("motion", ""),
    "rotation": ("rotation", "°"), "distance_mm": ("distance", "mm"), "pressure": ("pressure", "hPa"),
}  # fmt: skip


class Shelly2Codec(Codec):
    """The value is the document, the text or `{"available": …}`. Metrics: switch:0.apower, temperature:100.tC."""

    name = "shelly2"
    label = "Shelly Gen2 and later"
    help = "Topics <prefix>/events/rpc, <prefix>/status/switch:0, <prefix>/online; Shelly BLU by a script"

    def decode(self, state: Json, incoming: Incoming) -> tuple[Json, Sequence[Decoded]]:
        """Exactly one result; raises DecodeFault for a status or notification that is not a JSON object."""
        check_size(incoming.payload)
        prefix, kind = split_topic(incoming.topic)
        if kind == "online" and (decoded := availability(incoming.payload, device=prefix)):
            return state, (decoded,)
        if kind == "events/rpc":
            return state, (_notification(_object(incoming.payload), prefix),)
        if kind.startswith("status/"):
            document = _object(incoming.payload)
            return state, (Decoded(document, _readings({kind[7:]: document}), topic_device=prefix),)
        value = text_or_json(incoming.payload)
        if isinstance(value, dict) and "BTHome_version" in value:
            return state, (_bthome(value, incoming.topic),)
        return state, (Decoded(value, topic_device=prefix),)


def split_topic(topic: str) -> tuple[str, str]:
    """The device's prefix, without 'shellies/' before it, and what the topic is about: events/rpc, status/switch:0."""
    levels = topic.removeprefix("shellies/").split("/")
    for place, level in enumerate(levels):
        if (
            levels[place:] in (["online"], ["events", "rpc"], ["rpc"], ["command"])
            or (level == "status" and len(levels) == place + 2)
            or levels[place : place + 2] == ["debug", "log"]
        ):
            return "/".join(levels[:place]), "/".join(levels[place:])
    return "/".join(levels[:-1]), levels[-1]


def _object(payload: bytes) -> dict[str, Json]:
    document = read_json(payload)
    if not isinstance(document, dict):
        raise DecodeFault("what a Shelly says of its state is a JSON object")
    return document


def _notification(document: dict[str, Json], prefix: str) -> Decoded:
    """NotifyStatus has what changed, NotifyFullStatus all; NotifyEvent is an event."""
    said = document.get("params")
    params = said if isinstance(said, dict) else {}
    is_status = document.get("method") in ("NotifyStatus", "NotifyFullStatus")
    source = document.get("src")
    return Decoded(
        document,
        _readings(params) if is_status else (),
        time=read_time(params.get("ts")),  # before its clock is set it says the seconds since it started: no time
        topic_device=prefix or (source if isinstance(source, str) else ""),
    )


def _readings(components: Mapping[str, Json]) -> tuple[Reading, ...]:
    return readings_from(
        (f"{component}.{'.'.join(path)}", number, _unit(path))
        for component, path, value in _values(components)
        if (number := number_of(value, in_text=False)) is not None
    )


def _values(components: Mapping[str, Json]) -> Iterator[tuple[str, tuple[str, ...], Json]]:
    for component, status in components.items():
        kind = component.partition(":")[0]
        if kind in _RADIO or not isinstance(status, dict):
            continue
        for path, value in leaves(status, skip=_SKIP):
            if kind not in _OF_ONE or path[0] in _OF_ONE[kind]:
                yield component, path, value


def _unit(path: tuple[str, ...]) -> str:
    """By the last two keys, the last, or its end: a_act_power, total_act_power are act_power."""
    key = path[-1]
    found = _UNITS.get(".".join(path[-2:])) or _UNITS.get(key)
    return found or next((unit for known, unit in _UNITS.items() if key.endswith(f"_{known}")), "")


def _bthome(document: dict[str, Json], topic: str) -> Decoded:
    """A BLU sensor, passed on by the BTHome script of a Shelly."""
    said = document.get("address")
    readings = readings_from(
        (metric, number, unit)
        for key, (metric, unit) in _BTHOME.items()
        if (number := number_of(document.get(key), in_text=False)) is not None
    )
    device = said if isinstance(said, str) and 0 < len(said) <= 64 and said.isprintable() else ""
    return Decoded(document, readings, device=device, topic_device=topic.rpartition("/")[2])
