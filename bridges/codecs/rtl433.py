"""The `rtl433` codec: what rtl_433 heard on the radio, as JSON events or one value a topic.

The unit stands at the end of a key (temperature_C, wind_avg_km_h). A frame is often sent two or three times: what comes
again within moments is a repeat and not given out. 'battery_ok' stays a number from 0 to 1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson

from bridges.codecs.availability import availability
from bridges.codecs.base import Codec, Incoming, check_size
from bridges.codecs.device_time import read_time
from bridges.codecs.document import read_json, read_text
from bridges.codecs.measures import Named, leaves, number_of, readings_from
from bridges.codecs.zones import ZONE_OPTION, zone_named
from telemetry.options import Option
from telemetry.values import Decoded, DecodeFault, Json, Reading

MAX_REMEMBERED: Final = 30
_FORM: Final = 1

_NO_MEASUREMENTS: Final = frozenset({"time", "id", "channel", "model", "subtype", "type", "protocol", "code", "data"})
_OF_THE_AIR: Final = frozenset({"time", "mic", "mod", "freq", "freq1", "freq2", "rssi", "snr", "noise"})
_SUFFIXES: Final = {
    "_C": "°C", "_F": "°F", "_kPa": "kPa", "_hPa": "hPa", "_psi": "psi", "_PSI": "psi", "_mV": "mV", "_V": "V",
    "_A": "A", "_W": "W", "_kWh": "kWh", "_km_h": "km/h", "_m_s": "m/s", "_mi_h": "mph", "_mm_h": "mm/h", "_mm": "mm",
    "_in_h": "in/h", "_in": "in", "_deg": "°", "_dB": "dB", "_Hz": "Hz", "_klx": "klx", "_lux": "lx", "_ppm": "ppm",
    "_ppb": "ppb", "_ug_m3": "µg/m³", "_km": "km", "_cm": "cm", "_kg": "kg", "_pct": "%",
}  # fmt: skip
_UNITS: Final = {"humidity": "%", "moisture": "%", "freq": "MHz", "freq1": "MHz", "freq2": "MHz", "rssi": "dB",
                 "snr": "dB", "noise": "dB"}  # fmt: skip


class Rtl433Codec(Codec):
    """The value is the event, the text or `{"available": …}`. The device is model-channel-id."""

    name = "rtl433"
    label = "rtl_433"
    help = "Topics rtl_433/<host>/events (JSON) and rtl_433/<host>/devices/<model>/<channel>/<id>/<key>"
    is_stateful = True
    options = (
        ZONE_OPTION,
        Option(
            name="repeats_s",
            kind=float,
            default=2.0,
            minimum=0.0,
            maximum=60.0,
            label="Repeats (s)",
            help="The same from the same sensor within this time is a repeat. 0 keeps all",
        ),
    )

    def __init__(self, given: Mapping[str, Any] | None = None) -> None:
        super().__init__(given)
        self._zone = zone_named(self.given["zone"])

    def decode(self, state: Json, incoming: Incoming) -> tuple[Json, Sequence[Decoded]]:
        """Nothing for a repeat; raises DecodeFault for what is neither JSON nor text."""
        check_size(incoming.payload)
        levels = incoming.topic.split("/")
        if levels[-1] == "availability" and (decoded := availability(incoming.payload, device="/".join(levels[:-1]))):
            return state, (decoded,)
        if incoming.payload.strip()[:1] == b"{":
            event = read_json(incoming.payload)
            if not event_device(event):
                return state, (Decoded(event),)  # what rtl_433 says of itself
            following, is_repeat = self._remembered(state, event, incoming.received_at)
            return following, () if is_repeat else (self._decoded(event),)
        return state, (self._plain(read_text(incoming.payload), levels),)

    def _decoded(self, event: dict[str, Json]) -> Decoded:
        time = read_time(event.get("time"), self._zone)  # '@0.15s' is an offset in a recording: no time
        return Decoded(event, event_readings(event), device=event_device(event), time=time)

    def _plain(self, text: str, levels: list[str]) -> Decoded:
        if "devices" not in levels:
            return Decoded(text)
        *sensor, key = levels[levels.index("devices") + 1 :] or [""]
        if key == "time":
            return Decoded(text, topic_device="-".join(sensor))
        number = number_of(text)
        found = () if number is None or key in _NO_MEASUREMENTS else (_named(key, number),)
        return Decoded(text, readings_from(found), topic_device="-".join(sensor))

    def _remembered(self, state: Json, event: dict[str, Json], at: datetime) -> tuple[Json, bool]:
        """The next state, and whether this was heard a moment ago."""
        if not self.given["repeats_s"]:
            return state, False
        heard = state["heard"] if isinstance(state, dict) and state.get("rtl433") == _FORM else []
        digest = _digest(event)
        if any(known == digest and abs(at.timestamp() - when) <= self.given["repeats_s"] for known, when in heard):
            return state, True
        others = [[known, when] for known, when in heard if known != digest]
        return {"rtl433": _FORM, "heard": [*others, [digest, at.timestamp()]][-MAX_REMEMBERED:]}, False


def event_device(event: Json) -> str:
    """model-channel-id as rtl_433 names devices in its own topics; '' for what is no event of a sensor."""
    if not isinstance(event, dict) or not isinstance(event.get("model"), str):
        return ""
    parts = [event.get(key) for key in ("model", "channel", "id")]
    name = "-".join(str(part) for part in parts if part is not None and not isinstance(part, (dict, list)))
    if len(name) > 200 or not name.isprintable():
        raise DecodeFault("model, channel and id have at most 200 visible characters together")
    return name


def event_readings(event: dict[str, Json]) -> tuple[Reading, ...]:
    """What the sensor measured, and how well it was heard."""
    return readings_from(
        _named(".".join(path), number)
        for path, value in leaves(event, skip=_NO_MEASUREMENTS)
        if (number := number_of(value, in_text=False)) is not None
    )


def _named(key: str, number: float) -> Named:
    for suffix, unit in _SUFFIXES.items():
        if key.endswith(suffix) and len(key) > len(suffix):
            return key.removesuffix(suffix), number, unit
    return key, number, _UNITS.get(key, "")


def _digest(event: dict[str, Json]) -> str:
    """Of what the sensor said, without how it was heard."""
    said = {key: value for key, value in event.items() if key not in _OF_THE_AIR}
    try:
        body = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer beyond 64 bits
        body = repr(sorted(said.items())).encode("utf-8", "replace")
    return hashlib.blake2b(body, digest_size=8).hexdigest()
