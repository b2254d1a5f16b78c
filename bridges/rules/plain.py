"""Makes a result JSON: what CEL can give and JSON cannot say becomes text, or is refused. Nothing else.

Times become RFC 3339 text in UTC, durations seconds ('90s'), bytes base64, as CEL's own JSON mapping has them.
"""

from __future__ import annotations

import base64
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from bridges.rules.faults import EvaluationFault
from telemetry.values import Json

MAX_DEPTH = 100
_MIN_INT, _MAX_INT = -(2**63), 2**64 - 1


def plain(value: Any) -> Json:
    """`value` as JSON; raises EvaluationFault for what has no JSON form. A value that is JSON is not copied."""
    kind = type(value)
    if value is None or kind is bool or (kind is float and math.isfinite(value)):
        return value
    if kind is dict or kind is list:
        return value if _is_json(value) else _converted(value, MAX_DEPTH)
    return _converted(value, MAX_DEPTH)


def _is_json(value: Json) -> bool:
    """Whether orjson can write it: its own, fast, word on depth, keys, surrogates and number ranges."""
    try:
        orjson.dumps(value, option=orjson.OPT_PASSTHROUGH_DATETIME)
    except TypeError:
        return False
    return True


def _converted(value: Any, depth: int) -> Json:
    if depth < 0:
        raise EvaluationFault(f"the result is nested more than {MAX_DEPTH} deep")
    if isinstance(value, dict):
        return {_key(key): _converted(item, depth - 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_converted(item, depth - 1) for item in value]
    return _scalar(value)


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise EvaluationFault(f"the names in an object must be text, not {key!r}")
    return _text(key)


def _scalar(value: Any) -> Json:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, timedelta):
        return f"{value.total_seconds():.6f}".rstrip("0").rstrip(".") + "s"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise EvaluationFault(f"the result is of a type that JSON does not have ({type(value).__name__})")


def time_text(moment: datetime) -> str:
    """RFC 3339 in UTC, closed by Z."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _number(value: float) -> int | float:
    if isinstance(value, int) and _MIN_INT <= value <= _MAX_INT:
        return value
    try:
        as_double = float(value)
    except OverflowError:
        as_double = math.inf
    if not math.isfinite(as_double):
        raise EvaluationFault("the result is infinite or not a number, which JSON cannot say")
    return as_double


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise EvaluationFault("the result holds half a character (a lone surrogate)") from None
    return value
