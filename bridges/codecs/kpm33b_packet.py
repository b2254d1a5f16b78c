"""One payload of a Compere meter, as the `kpm33b` codec sees it: whose it is, of when, and what it measures. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from bridges.codecs.device_time import read_time
from bridges.codecs.kpm33b_names import ENERGY_KEYS, METRICS, NO_MEASUREMENTS, Metric
from bridges.codecs.measures import number_of
from telemetry.values import DecodeFault, Json, Reading

VALUES: Final = "MQTT_RT_DATA"
ENERGY: Final = "MQTT_ENY_NOW"
MAX_PACKET_BYTES: Final = 8_192
"""A real packet has less than 2,500 bytes."""

_ID_KEYS, _TIME_KEYS, _END = ("id", "mn"), ("time", "ts"), "isend"
_NO_VALUES = frozenset({*_ID_KEYS, *_TIME_KEYS, _END})
_SENSIBLE_C = (-60, 250)  # a KPM312 without a sensor says -176.637 °C
_MAX_CHARACTERS = 64
_MAX_READINGS = 200

Document = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Packet:
    """One payload of a measuring topic. `values` are its measurements by their keys in lower case."""

    kind: str
    meter: str
    time: str
    is_last: bool
    document: Document
    values: dict[str, Json]

    @property
    def source(self) -> str:
        """What is remembered together."""
        return f"{self.kind}|{self.meter}"

    @property
    def key(self) -> str:
        """Parts with the same key belong together."""
        return f"{self.source}|{self.time}"

    @property
    def is_zero(self) -> bool:
        """Whether it measures nothing at all, as a ghost does."""
        return all(value is None or number_of(value) == 0 for value in self.values.values())

    def joined_to(self, held: Document) -> Packet:
        """This packet behind the parts that came before it."""
        known = {key.lower() for key in held} - {_END}
        mine = {key: value for key, value in self.document.items() if key.lower() not in known}
        return read_packet(self.kind, {**held, **mine}) if held else self


def is_meter_topic(topic: str) -> bool:
    """Whether meters, or who commands them, publish on it."""
    return topic.rpartition("/")[2].upper().startswith("MQTT_")


def kind_of(topic: str, document: Json) -> str:
    """The topic without what a bridge put before it; told by the keys where a bridge renamed it."""
    if is_meter_topic(topic):
        return topic.rpartition("/")[2].upper()
    if not isinstance(document, dict):
        return ""
    keys = {key.lower() for key in document}
    if "oprid" in keys:
        return ""
    return ENERGY if keys & ENERGY_KEYS else VALUES


def read_packet(kind: str, document: Json) -> Packet:
    """Raises DecodeFault for what is no packet of a meter."""
    if not isinstance(document, dict):
        raise DecodeFault("a meter's packet is a JSON object")
    meter = meter_of(document)
    if not meter:
        raise DecodeFault("id is missing: nobody knows which meter this is of")
    values: dict[str, Json] = {}
    for key, value in document.items():
        values.setdefault(key.lower(), value)
    time = _first(values, _TIME_KEYS)
    return Packet(
        kind,
        meter,
        str(time).strip()[:_MAX_CHARACTERS] if isinstance(time, (str, int)) else "",
        values.get(_END, "1") not in ("0", 0),
        document,
        {key: value for key, value in values.items() if key not in _NO_VALUES},
    )


def meter_of(document: Json) -> str:
    """The meter's id; '' if there is none. Raises DecodeFault for what can be no id."""
    found = _first(_lowered(document), _ID_KEYS)
    if isinstance(found, bool) or not isinstance(found, (str, int)):
        return ""
    meter = str(found).strip()
    if len(meter) > _MAX_CHARACTERS or not meter.isprintable():
        raise DecodeFault(f"id: a meter's id has at most {_MAX_CHARACTERS} visible characters")
    return meter


def time_of(document: Json, zone: tzinfo) -> datetime | None:
    """The meter's own time."""
    return read_time(_first(_lowered(document), _TIME_KEYS), zone)


def readings_of(values: Mapping[str, Json]) -> tuple[Reading, ...]:
    """The measurements under their English names. A number under an unknown key keeps the vendor's."""
    readings: dict[str, Reading] = {}
    for key, value in values.items():
        known = METRICS.get(key)
        number = number_of(value, in_text=known is not None)
        if number is None or key in NO_MEASUREMENTS or len(key) > _MAX_CHARACTERS or not key.isprintable():
            continue
        metric = known or Metric(key, "")
        if key and (metric.unit != "°C" or _SENSIBLE_C[0] <= number <= _SENSIBLE_C[1]):
            readings.setdefault(metric.name, Reading(metric.name, number, metric.unit))
    return tuple(readings.values())[:_MAX_READINGS]


def _lowered(document: Json) -> dict[str, Json]:
    return {key.lower(): value for key, value in document.items()} if isinstance(document, dict) else {}


def _first(values: Mapping[str, Json], keys: Sequence[str]) -> Json:
    return next((values[key] for key in keys if values.get(key) is not None), None)
