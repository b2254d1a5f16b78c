"""Takes readings out of a JSON-like value: every finite number becomes one, named by its path. Pure."""

from __future__ import annotations

import math
import re
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
    if isinstance(value, (dict, list)):
        _collect(value, "", found, numbers_in_text=numbers_in_text, skip=skip)
    else:
        number = _number(value, numbers_in_text=numbers_in_text)
        if number is not None:
            found["value"] = number
    return tuple(Reading(metric, number) for metric, number in islice(found.items(), MAX_READINGS))


def _collect(value: Json, prefix: str, found: dict[str, float], *, numbers_in_text: bool, skip: frozenset[str]) -> None:
    """Add the numbers within an object or list, until there are enough."""
    items = value.items() if isinstance(value, dict) else enumerate(value[:MAX_LIST_ITEMS])
    for key, below in items:
        if len(found) >= MAX_READINGS:
            return
        metric = f"{prefix}{key}"
        if not 0 < len(metric) <= MAX_METRIC_CHARACTERS or not metric.isprintable() or metric in skip:
            continue  # names are shown and searched: nothing endless, nothing invisible
        if isinstance(below, (dict, list)):
            if metric.count(".") < MAX_LEVELS:
                _collect(below, f"{metric}.", found, numbers_in_text=numbers_in_text, skip=skip)
            continue
        number = _number(below, numbers_in_text=numbers_in_text)
        if number is not None:
            found.setdefault(metric, number)


def _number(value: Json, *, numbers_in_text: bool) -> float | None:
    kind = type(value)
    if kind is float or kind is int:
        return float(value) if math.isfinite(value) else None
    if kind is str and numbers_in_text:
        return number_in_text(value.strip())
    return None
