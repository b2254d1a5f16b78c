"""Says why an evaluation failed: a value that is missing or null, or a true fault of the rule, in plain words.

The library's exceptions have no common base and their texts mislead (a null in `double(x)` is called an undefined
function), so this looks at the values that the expression named and never at the text alone.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from bridges.rules.faults import EvaluationFault, Missing
from bridges.rules.paths import ABSENT, look_up, say
from bridges.rules.shape import Need, Shape

_NUMBERS_HINT = "; whole and decimal numbers do not mix in + - * / %: write double(x) and 1.0"


def blame(error: BaseException, shape: Shape, variables: object) -> Missing | EvaluationFault:
    """What to raise instead of the library's error."""
    if isinstance(error, ZeroDivisionError):
        return EvaluationFault("division by zero")
    if isinstance(error, OverflowError):
        return EvaluationFault("a number or time is too large for the operation")
    missing = _missing(shape, variables)
    if missing:
        return Missing(missing)
    if isinstance(error, LookupError):
        return Missing(str(error.args[0]) if error.args else "a key")
    return EvaluationFault(_said(error, shape, variables))


def _missing(shape: Shape, variables: object) -> str:
    """The first path named whose value is missing or null, or holds a null; '' if there is none."""
    values = []
    for use in shape.uses:
        path = use.path[:-1] if use.need is Need.PRESENCE else use.path
        value = look_up(variables, path)
        if value is ABSENT or value is None:
            return say(path)
        if use.need is Need.VALUE:
            values.append((path, value))
    return next((f"something in {say(path)}" for path, value in values if _holds_null(value)), "")


def _holds_null(value: Any) -> bool:
    """Whether there is a null anywhere inside. What was given whole is small: the limits were checked before."""
    level = [value]
    while level:
        below: list[Any] = []
        for one in level:
            if one is None:
                return True
            if isinstance(one, dict):
                below.extend(one.values())
            elif isinstance(one, (list, tuple)):
                below.extend(one)
        level = below
    return False


def _said(error: BaseException, shape: Shape, variables: object) -> str:
    if isinstance(error, RuntimeError) and str(error).startswith("Function '"):
        return str(error).split(". Check ", 1)[0].split("\n", 1)[0]
    named = {use.path: look_up(variables, use.path) for use in shape.uses if use.need is not Need.PRESENCE}
    types = ", ".join(f"{say(path)} is {type_said(value)}" for path, value in named.items())
    has_number = any(isinstance(value, (int, float)) for value in named.values())
    return f"the types do not fit{f' ({types})' if types else ''}{_NUMBERS_HINT if has_number else ''}"


def type_said(value: Any) -> str:
    """The type of a value as a person would name it."""
    if isinstance(value, float) and not math.isfinite(value):
        return "not a finite number"
    for kind, said in _SAID:
        if isinstance(value, kind):
            return said
    return "null" if value is None else type(value).__name__


_SAID: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (int, "a whole number"),
    (float, "a decimal number"),
    (str, "text"),
    (dict, "an object"),
    (list, "a list"),
    (datetime, "a time"),
)
