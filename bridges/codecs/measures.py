"""Takes measurements out of what devices say: numbers, also written as text, with the units of a table. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from bridges.codecs.numbers import MAX_LEVELS, MAX_LIST_ITEMS, MAX_METRIC_CHARACTERS, MAX_READINGS, number_in_text
from telemetry.values import Json, Reading

FAHRENHEIT: Final = "°F"
CELSIUS: Final = "°C"

Named = tuple[str, float, str]
"""Metric, value, unit."""


def number_of(value: Json, *, in_text: bool = True) -> float | None:
    """The finite number that the value is; None for true, false, null and all else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        try:
            number = float(value)
        except OverflowError:
            return None
        return number if math.isfinite(number) else None
    return number_in_text(value.strip()) if in_text and isinstance(value, str) else None


def leaves(
    value: Json, *, skip: frozenset[str] = frozenset(), path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Json]]:
    """Each value within objects and lists with the keys that lead to it. Keys in `skip` are left out with all below."""
    if isinstance(value, dict):
        items: Iterable[tuple[str, Json]] = value.items()
    elif isinstance(value, list):
        items = ((str(place), one) for place, one in enumerate(value[:MAX_LIST_ITEMS]))
    else:
        yield path, value
        return
    if len(path) < MAX_LEVELS:
        for key, below in items:
            if key not in skip:
                yield from leaves(below, skip=skip, path=(*path, key))


def readings_from(found: Iterable[Named]) -> tuple[Reading, ...]:
    """At most MAX_READINGS, each metric once: the first said, but degrees Celsius rather than Fahrenheit."""
    readings: dict[str, Reading] = {}
    for metric, value, unit in found:
        if not 0 < len(metric) <= MAX_METRIC_CHARACTERS or not metric.isprintable():
            continue
        known = readings.get(metric)
        is_better = known is not None and known.unit == FAHRENHEIT and unit == CELSIUS
        if is_better or (known is None and len(readings) < MAX_READINGS):
            readings[metric] = Reading(metric, value, unit)
    return tuple(readings.values())


def measured(
    value: Json, unit_of: Callable[[tuple[str, ...]], str], *, skip: frozenset[str] = frozenset(), prefix: str = ""
) -> tuple[Reading, ...]:
    """Every number as a reading, named by its path; `unit_of` says the unit of a path."""
    return readings_from(
        (".".join((prefix, *path) if prefix else path) or "value", number, unit_of(path))
        for path, one in leaves(value, skip=skip)
        if (number := number_of(one, in_text=False)) is not None
    )


def named(values: Mapping[str, Json], table: Mapping[str, tuple[str, str]]) -> Iterator[Named]:
    """The keys that the table knows, under its names and units. Numbers may be text."""
    for key, value in values.items():
        if key in table and (number := number_of(value)) is not None:
            yield table[key][0], number, table[key][1]
