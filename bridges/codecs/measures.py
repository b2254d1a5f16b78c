"""Takes single measurements out of what devices say: numbers, also written as text, never a switch position. Pure."""

from __future__ import annotations

import math

from bridges.codecs.numbers import number_in_text
from telemetry.values import Json


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
