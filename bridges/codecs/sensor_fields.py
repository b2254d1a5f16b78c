"""Finds device, time and measurements in the JSON that home-made sensors send, whatever they call them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from bridges.codecs.measures import FAHRENHEIT, Named, number_of
from bridges.codecs.numbers import MAX_LEVELS, MAX_READINGS, number_in_text
from bridges.codecs.units import split_name, unit_of_word
from telemetry.values import Json

_DEVICE_KEYS: Final = (
    "deviceid", "devid", "nodeid", "sensorid", "stationid", "serialnumber", "serial", "device", "devicename", "node",
    "id", "mac", "macaddress", "chipid", "clientid",
)  # fmt: skip
_TIME_KEYS: Final = (
    "timestamp", "ts", "time", "datetime", "createdat", "measuredat", "recordedat", "timestampms", "epoch", "unixtime",
)  # fmt: skip
_CONTAINERS: Final = frozenset(
    {"measurements", "data", "sensors", "values", "readings", "payload", "fields", "metrics"}
)
_NAME_KEYS: Final = ("name", "metric", "type", "sensor", "key")
_VALUE_KEYS: Final = ("value", "val")
_UNIT_KEYS: Final = ("unit", "units", "uom")
_NO_MEASUREMENTS: Final = frozenset(
    {
        *_DEVICE_KEYS,
        *_TIME_KEYS,
        *_UNIT_KEYS,
        "date",
        "status",
        "code",
        "version",
        "fw",
        "firmware",
        "ip",
        "ssid",
        "port",
    }
)
_SHORT: Final = {"temp": "temperature", "hum": "humidity", "batt": "battery"}

_NUMBER_AND_WORD: Final = re.compile(r"([+-]?[0-9.]+(?:[eE][+-]?[0-9]{1,3})?)\s*([^\d\s.+-]\S{0,15})")

Path = tuple[str, ...]


def device_of(document: Mapping[str, Json]) -> str:
    """The name that the document gives its device; '' if none. An object under `device` is looked into."""
    found = _by_plain_key(document)
    for key in _DEVICE_KEYS:
        value = found.get(key)
        if isinstance(value, dict) and key in ("device", "node"):
            value = device_of(value) or value.get("name")
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            name = str(value).strip()
            if 0 < len(name) <= 200 and name.isprintable():
                return name
    return ""


def time_said(document: Json) -> Json:
    """What the document, or the first measurement listed in it, gives as its time; None if nothing."""
    if isinstance(document, dict):
        found = _by_plain_key(document)
        said = next((found[key] for key in _TIME_KEYS if found.get(key) is not None), None)
        if said is not None:
            return said
        return next((time_said(value) for key, value in found.items() if key in _CONTAINERS), None)
    first = document[0] if isinstance(document, list) and document else None
    return time_said(first) if isinstance(first, dict) else None


class Found(NamedTuple):
    """A measurement. `name` is the metric as it was sent, with its unit if it carries one."""

    metric: str
    number: float
    unit: str
    name: str


def told_apart(found: Iterable[Found]) -> Iterator[Named]:
    """Metrics by their short names; by their full ones where units differ: battery, battery_mv.

    Degrees Celsius and Fahrenheit of one thing stay one.
    """
    measured = list(found)
    units: dict[str, set[str]] = {}
    for one in measured:
        units.setdefault(one.metric, set()).add(one.unit)
    for one in measured:
        is_shared = len(units[one.metric] - {FAHRENHEIT}) > 1
        yield one.name if is_shared else one.metric, one.number, one.unit


def measurements(document: Json, path: Path = ()) -> Iterator[Found]:
    """Metric, number and unit of everything that is measured in an object or list."""
    if len(path) > MAX_LEVELS:
        return
    if isinstance(document, dict):
        yield from _of_object(document, path)
    elif isinstance(document, list):
        for place, item in enumerate(document[:MAX_READINGS]):
            yield from _of_item(item, place, path)


def measurement(metric: str, value: Json, unit: str = "") -> Iterator[Found]:
    """One value, if it is a number or a text such as '21.5' or '22.8 celsius', with the unit that its words carry."""
    number = number_of(value)
    if number is None and isinstance(value, str) and (found := _NUMBER_AND_WORD.fullmatch(value.strip())):
        word = unit_of_word(found[2])
        number, unit = (number_in_text(found[1]), unit or word) if word else (None, "")
    if number is not None:
        before, _, last = metric.rpartition(".")
        base, suffix = split_name(last.removesuffix("-bool").removesuffix("_bool") or last)
        name = _SHORT.get(base.lower(), base)
        yield Found(f"{before}.{name}" if before else name, number, unit or suffix, metric)


def _of_object(document: Mapping[str, Json], path: Path) -> Iterator[Found]:
    name, own_unit = _name_beside(document), _unit(next((document[key] for key in _UNIT_KEYS if key in document), ""))
    units = document.get("units")
    for key, value in document.items():
        if key in _VALUE_KEYS and (name or path):
            yield from measurement(".".join(path if path else (name,)), value, own_unit)
        elif isinstance(value, (dict, list)):
            is_open = plain(key) in _CONTAINERS and not _is_plain_list(value)
            if plain(key) not in _UNIT_KEYS:
                yield from measurements(value, path if is_open else (*path, key))
        elif plain(key) not in _NO_MEASUREMENTS:
            beside = units.get(key) if isinstance(units, dict) else document.get(f"{key}_unit")
            yield from measurement(".".join((*path, key)), value, _unit(beside))


def _of_item(item: Json, place: int, path: Path) -> Iterator[Found]:
    """One of a list: {"name": "t", "value": 21.5, "unit": "C"}, an object of a sensor, or a bare number."""
    if isinstance(item, dict):
        yield from measurements(item, (*path, _name_beside(item) or device_of(item) or str(place)))
    else:
        yield from measurement(".".join((*path, str(place))), item)


def plain(key: str) -> str:
    """A key without capitals and signs: 'node-id', 'nodeId' and 'node_id' are one."""
    return "".join(letter for letter in key.lower() if letter.isalnum())


def _by_plain_key(document: Mapping[str, Json]) -> dict[str, Json]:
    return {plain(key): value for key, value in reversed(list(document.items()))}


def _name_beside(document: Mapping[str, Json]) -> str:
    """What a value is called that stands beside its name; '' if none does."""
    if not any(key in document for key in _VALUE_KEYS):
        return ""
    names = (document[key] for key in _NAME_KEYS if isinstance(document.get(key), str))
    return next((name.strip() for name in names if name.strip()), "")


def _unit(said: Json) -> str:
    """As the hub writes it, or as it is said."""
    if not isinstance(said, str) or not 0 < len(said.strip()) <= 16 or not said.isprintable():
        return ""
    return unit_of_word(said) or said.strip()


def _is_plain_list(value: Json) -> bool:
    return isinstance(value, list) and not any(isinstance(item, dict) for item in value)
