"""Takes readings out of a JSON-like value: every finite number becomes one, named by its path. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import islice

from telemetry.values import Json, Reading

MAX_READINGS = 200
MAX_LIST_ITEMS = 16
MAX_METRIC_CHARACTERS = 200
MAX_LEVELS = 20

_NUMBER_IN_TEXT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)


def number_in_text(text: str) -> float | None:
    """The number that the whole text is, or None. No thousands marks, no comma, no 'nan'."""
    if len(text) > 40 or not _NUMBER_IN_TEXT.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def find_readings(
    value: Json, *, numbers_in_text: bool = False, skip: frozenset[str] = frozenset()
) -> tuple[Reading, ...]:
    """At most MAX_READINGS, in the order of the document; `skip` names metrics that are no measurements.

    Objects give dotted names, lists an index for their first items, a bare number is called 'value'. True, false and
    null are none. The unit is always '': a number in JSON has none.
    """
    found: dict[str, float] = {}
    numbers = _numbers(value, "", numbers_in_text=numbers_in_text, depth=0)
    usable = ((metric, number) for metric, number in numbers if metric not in skip)
    for metric, number in usable:
        found.setdefault(metric or "value", number)
        if len(found) >= MAX_READINGS:
            break
    return tuple(Reading(metric, number) for metric, number in found.items())


def _numbers(value: Json, name: str, *, numbers_in_text: bool, depth: int) -> Iterator[tuple[str, float]]:
    if isinstance(value, (dict, list)):
        items = value.items() if isinstance(value, dict) else enumerate(islice(value, MAX_LIST_ITEMS))
        for key, below in items if depth < MAX_LEVELS else ():
            metric = f"{name}.{key}" if name else str(key)
            if _is_name(metric):
                yield from _numbers(below, metric, numbers_in_text=numbers_in_text, depth=depth + 1)
        return
    number = _number(value, numbers_in_text=numbers_in_text)
    if number is not None:
        yield name, number


def _number(value: Json, *, numbers_in_text: bool) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return number_in_text(value.strip()) if numbers_in_text else None
    if isinstance(value, (int, float)) and math.isfinite(value):
        return float(value)
    return None


def _is_name(metric: str) -> bool:
    """Names of metrics are shown and searched: nothing endless, nothing invisible."""
    return 0 < len(metric) <= MAX_METRIC_CHARACTERS and metric.isprintable()
