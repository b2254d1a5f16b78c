"""The documents that Home Assistant reads: one config for each metric of a device, and states that fill them. Pure.

One config a metric, under `<prefix>/sensor/<node>/<object>/config`: every release reads that form, while the one
document for a whole device needs 2024.11. A metric's name and unit come from the wire: in templates they stand only as
escaped strings.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any, Final, NamedTuple

import orjson

from bridges.discovery.classes import class_of
from bridges.discovery.names import OFFLINE, ONLINE, Names, word_of
from telemetry.values import Reading

HUB: Final = "Patchbay"
MAX_METRICS: Final = 250
"""Entities of one device: whoever may publish names the metrics."""
_ABBREVIATIONS: Final = frozenset({"co2", "rssi", "snr", "pm1", "pm10", "pm25", "uv", "voc", "id", "thd"})


class Kind(StrEnum):
    """What a document is. All are retained but states."""

    STATUS = "status"
    CONFIG = "config"
    AVAILABILITY = "availability"
    STATE = "state"


@dataclass(frozen=True)  # without slots, for the digest that is worked out once
class Document:
    """What a topic should say. It is said again when `occasion` changes, or what it says."""

    topic: str
    payload: bytes
    kind: Kind
    device: str = ""
    occasion: str = ""

    @property
    def is_retained(self) -> bool:
        """Whether the broker keeps it."""
        return self.kind is not Kind.STATE

    @cached_property
    def digest(self) -> str:
        """What tells it from another document of its topic. The numbers of a state do not count: rules publish them."""
        return "" if self.kind is Kind.STATE else hashlib.sha256(self.payload).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class About:
    """Who made a device, as far as it is known."""

    manufacturer: str = ""
    model: str = ""
    serial_number: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """One thing that a device measures. `value` is the newest one; None if it came without the unit or in another."""

    name: str
    unit: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Subject:
    """A device as it is told of. `expire_after_s` is None for one that speaks when it likes."""

    name: str
    label: str = ""
    about: About = field(default_factory=About)
    metrics: Sequence[Metric] = ()
    is_present: bool = True
    expire_after_s: int | None = None


class _Shape(NamedTuple):
    """What the configs of a device are made of."""

    name: str
    label: str
    about: About
    metrics: tuple[tuple[str, str], ...]  # names and units
    expire_after_s: int | None


def hub_documents(names: Names, *, connection: str, occasion: str = "", offline: bytes = OFFLINE) -> list[Document]:
    """The hub itself: that it is there, said anew on each connection, and its entity."""
    config = {
        "name": "Connection",
        "unique_id": f"{names.node}.status",
        "state_topic": names.hub_status,
        "payload_on": ONLINE.decode(),
        "payload_off": offline.decode("utf-8", "replace"),
        "device_class": "connectivity",
        "entity_category": "diagnostic",
        "device": {"identifiers": [names.node], "name": _hub_name(names), "manufacturer": HUB},
        "origin": {"name": HUB},
    }
    return [
        Document(names.hub_status, ONLINE, Kind.STATUS, occasion=connection),
        Document(names.hub_config, orjson.dumps(config), Kind.CONFIG, occasion=occasion),
    ]


def device_documents(names: Names, subject: Subject, *, occasion: str = "", offline: bytes = OFFLINE) -> list[Document]:
    """All that is said of one device; nothing of one without readings. Another `occasion` says it again."""
    metrics = sorted(subject.metrics, key=lambda metric: metric.name)[:MAX_METRICS]
    if not metrics:
        return []
    shape = _Shape(
        subject.name,
        subject.label,
        subject.about,
        tuple((metric.name, metric.unit) for metric in metrics),
        subject.expire_after_s,
    )
    configs, digest = _configs(names, shape, occasion, offline)
    said = ONLINE if subject.is_present else OFFLINE
    known = [Reading(metric.name, metric.value, metric.unit) for metric in metrics if metric.value is not None]
    return [
        *configs,
        Document(names.availability(subject.name), said, Kind.AVAILABILITY, subject.name, occasion),
        Document(names.state(subject.name), state_payload(known), Kind.STATE, subject.name, f"{occasion} {digest}"),
    ]


@lru_cache(2000)
def _configs(names: Names, shape: _Shape, occasion: str, offline: bytes) -> tuple[tuple[Document, ...], str]:
    """The configs of a device, and what tells them from others. They are compared every few seconds, and seldom new."""
    configs = tuple(
        Document(
            names.config(shape.name, metric),
            orjson.dumps(_config(names, shape, metric, unit=unit, offline=offline)),
            Kind.CONFIG,
            shape.name,
            occasion,
        )
        for metric, unit in shape.metrics
    )
    digests = "".join(config.digest for config in configs)
    return configs, hashlib.sha256(digests.encode()).hexdigest()[:32]


def state_payload(readings: Iterable[Reading]) -> bytes:
    """Readings as JSON: `{"weight": {"g": 12.5}}`. With its unit, a value never counts in another one."""
    said: dict[str, dict[str, float]] = {}
    for reading in readings:
        said.setdefault(word_of(reading.metric), {})[reading.unit] = reading.value
    try:
        return orjson.dumps(said)
    except TypeError:  # a unit with half a character: one message must not spoil others
        return json.dumps(said).encode()


def _config(names: Names, subject: _Shape, metric: str, *, unit: str, offline: bytes) -> Mapping[str, Any]:
    found = class_of(metric, unit)
    node = f"{names.node}.{subject.name}"
    config: dict[str, Any] = {
        "name": name_of(metric),
        "unique_id": f"{node}.{word_of(metric)}",
        "state_topic": names.state(subject.name),
        "value_template": value_template(metric, unit),
        "state_class": found.state_class,
        "availability": [
            {"topic": names.hub_status, "payload_not_available": offline.decode("utf-8", "replace")},
            {"topic": names.availability(subject.name)},
        ],
        "availability_mode": "all",
        "device": _device(names, subject, node),
        "origin": {"name": HUB},
    }
    extra = {
        "device_class": found.device_class,
        "unit_of_measurement": unit,
        "entity_category": "diagnostic" if found.is_diagnostic else "",
        "expire_after": subject.expire_after_s,
    }
    return config | {key: value for key, value in extra.items() if value}


def _device(names: Names, subject: _Shape, node: str) -> dict[str, Any]:
    about = subject.about
    extra = {"manufacturer": about.manufacturer, "model": about.model, "serial_number": about.serial_number}
    device = {"identifiers": [node], "name": subject.label or subject.name, "via_device": names.node}
    return device | {key: value for key, value in extra.items() if value}


def value_template(metric: str, unit: str) -> str:
    """Takes the metric out of a state. Where a message does not hold it in this unit, the answer is empty: Home
    Assistant then keeps what it has (home-assistant.io, MQTT sensor, `state_topic`).
    """
    return f'{{{{ value_json.get("{word_of(metric)}", {{}}).get({_quoted(unit)}, "") }}}}'


def name_of(metric: str) -> str:
    """A metric as people read it: 'active_power_l1' is 'Active power L1'."""
    words = metric.replace("_", " ").replace(".", " ").split()
    text = " ".join(word.upper() if _is_short(word) else word for word in words) or metric
    return text[:1].upper() + text[1:]


def _is_short(word: str) -> bool:
    return word in _ABBREVIATIONS or (len(word) == 2 and word[0] in "lt" and word[1].isdigit())


def _quoted(text: str) -> str:
    """A string of a template that can be nothing else, whatever stands in it."""
    return '"' + "".join(c if c.isascii() and (c.isalnum() or c in "/%") else f"\\U{ord(c):08x}" for c in text) + '"'


def _hub_name(names: Names) -> str:
    return HUB if names.state_prefix == HUB.lower() else f"{HUB} {names.state_prefix}"
