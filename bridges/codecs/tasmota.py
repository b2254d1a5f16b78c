"""The `tasmota` codec: `tele`, `stat` and `cmnd` topics of devices with the Tasmota firmware.

Readings come from SENSOR, STATE and asked-for sensor answers only; the rest is kept without them. Units: the Tasmota
documentation (sensor pages), and `TempUnit`, `PressureUnit`, `SpeedUnit` beside the values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from bridges.codecs.availability import availability
from bridges.codecs.base import Codec, Incoming, check_size
from bridges.codecs.device_time import read_time
from bridges.codecs.document import read_json, text_or_json
from bridges.codecs.measures import measured
from bridges.codecs.zones import ZONE_OPTION, zone_named
from telemetry.values import Decoded, DecodeFault, Json

_PREFIXES: Final = ("tele", "stat", "cmnd")
_SKIP: Final = frozenset({"Time", "Epoch", "Id", "Event", "Stage", "Sleep", "AP", "Channel", "Mode", "LinkCount"})

_UNITS: Final = {
    "Humidity": "%", "Illuminance": "lx", "CarbonDioxide": "ppm", "eCO2": "ppm", "TVOC": "ppb", "Moisture": "%",
    "Battery": "%", "Voltage": "V", "Current": "A", "Power": "W", "ApparentPower": "VA", "ReactivePower": "var",
    "Frequency": "Hz", "Total": "kWh", "Today": "kWh", "Yesterday": "kWh", "ExportActive": "kWh", "Period": "Wh",
    "Vcc": "V", "Heap": "kB", "UptimeSec": "s", "LoadAvg": "%", "Signal": "dBm", "Gas": "kΩ",
    "HCHC": "Wh", "HCHP": "Wh", "BASE": "Wh", "PAPP": "VA", "IINST": "A", "IMAX": "A", "ISOUSC": "A",
}  # fmt: skip
_UNITS_IN: Final = {("SR04", "Distance"): "cm", ("AS3935", "Distance"): "km", ("Wifi", "RSSI"): "%"}
_SAID_BESIDE: Final = {
    "Temperature": "TempUnit",
    "DewPoint": "TempUnit",
    "OBJTMP": "TempUnit",
    "AMBTMP": "TempUnit",
    "Pressure": "PressureUnit",
    "SeaPressure": "PressureUnit",
}


class TasmotaCodec(Codec):
    """The value is the document, the text, or `{"available": …}`. Readings keep their path: ENERGY.Power."""

    name = "tasmota"
    label = "Tasmota"
    help = "Topics tele/…/SENSOR, STATE, LWT, also with prefix and topic swapped"
    options = (ZONE_OPTION,)

    def __init__(self, given: Mapping[str, Any] | None = None) -> None:
        super().__init__(given)
        self._zone = zone_named(self.given["zone"])

    def decode(self, state: Json, incoming: Incoming) -> tuple[Json, Sequence[Decoded]]:
        """Exactly one result; raises DecodeFault for a SENSOR or STATE that is not a JSON object."""
        check_size(incoming.payload)
        prefix, device, kind = split_topic(incoming.topic)
        if kind == "LWT" and (decoded := availability(incoming.payload, device=device)):
            return state, (decoded,)
        if kind in ("SENSOR", "STATE", "HASS_STATE") and prefix != "cmnd":
            return state, (self._telemetry(incoming.payload, device),)
        if prefix == "stat" and kind in ("STATUS8", "STATUS10"):
            document = read_json(incoming.payload)
            return state, (self._measured(document, _answer(document), device),)
        return state, (Decoded(text_or_json(incoming.payload), topic_device=device),)

    def _telemetry(self, payload: bytes, device: str) -> Decoded:
        document = read_json(payload)
        if not isinstance(document, dict):
            raise DecodeFault("SENSOR and STATE are JSON objects")
        return self._measured(document, document, device)

    def _measured(self, document: Json, sensors: Mapping[str, Json], device: str) -> Decoded:
        return Decoded(
            document,
            measured(sensors, lambda path: _unit(path, sensors), skip=_SKIP),
            time=read_time(sensors.get("Time"), self._zone),
            topic_device=device,
        )


def split_topic(topic: str) -> tuple[str, str, str]:
    """Prefix, device and kind, from %prefix%/%topic%/KIND or %topic%/%prefix%/KIND; '' for what is not there."""
    levels = topic.split("/")
    place = next((place for place, level in enumerate(levels[:-1]) if level in _PREFIXES), None)
    if place is None:
        return "", "", levels[-1]
    return levels[place], "/".join([*levels[:place], *levels[place + 1 : -1]]), levels[-1]


def _answer(document: Json) -> Mapping[str, Json]:
    found = document.get("StatusSNS") if isinstance(document, dict) else None
    return found if isinstance(found, dict) else {}


def _unit(path: tuple[str, ...], sensors: Mapping[str, Json]) -> str:
    names = [step for step in path if not step.isdecimal()]
    if not names:
        return ""
    key = names[-1]
    if key in _SAID_BESIDE:
        said = sensors.get(_SAID_BESIDE[key])
        if not isinstance(said, str) or len(said) > 16 or not said.isprintable():
            return ""
        return f"°{said}" if _SAID_BESIDE[key] == "TempUnit" and said in ("C", "F") else said
    place = names[-2].partition("-")[0] if len(names) > 1 else ""
    return _UNITS_IN.get((place, key)) or _UNITS.get(key, "")
