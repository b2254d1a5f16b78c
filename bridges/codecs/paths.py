"""Dotted paths into a JSON document, as options name them: 'deviceInfo.devEui', 'values.0'. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from telemetry.options import OptionFault
from telemetry.values import Json


def steps_of(option: str, path: str) -> tuple[str, ...]:
    """The steps of a path, () for ''; raises OptionFault for the option that holds it."""
    steps = tuple(path.split(".")) if path else ()
    if not all(steps):
        raise OptionFault(option, "is a name, or names with single dots between them")
    return steps


def value_at(value: Json, steps: Sequence[str]) -> Json:
    """What stands there; None if nothing does."""
    for step in steps:
        if isinstance(value, list) and step.isdecimal() and len(step) < 6 and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict):
            value = value.get(step)
        else:
            return None
    return value
