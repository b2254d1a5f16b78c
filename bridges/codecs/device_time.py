"""Reads the time that a device gave for its own message. Pure; it never falls back on the clock of the hub."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, tzinfo

from telemetry.values import Json

_EPOCH = re.compile(r"[0-9]{9,10}(?:\.[0-9]{1,9})?|[0-9]{12,13}|[0-9]{15,16}")
_COMPACT = re.compile(r"20[0-9]{12}")
_SCALES = ((1e8, 4.2e9, 1), (1e11, 4.2e12, 1_000), (1e14, 4.2e15, 1_000_000))
"""Seconds, milliseconds and microseconds from 1973 to 2103, told apart by size. Less is the time since a boot."""


def read_time(value: Json, zone: tzinfo = UTC) -> datetime | None:
    """Aware UTC from ISO 8601 text, YYYYMMDDHHMMSS or a number since 1970, or None.

    `zone` is for what names no offset.
    """
    if isinstance(value, bool):
        return None
    text = str(value).strip() if isinstance(value, (str, int)) else ""
    if _COMPACT.fullmatch(text):
        return _from_text(f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[8:10]}:{text[10:12]}:{text[12:]}", zone)
    if isinstance(value, str):
        return _from_number(float(text)) if _EPOCH.fullmatch(text) else _from_text(text, zone)
    return _from_number(float(value)) if isinstance(value, (int, float)) and math.isfinite(value) else None


def read_moment(value: str | float) -> datetime | None:
    """A packet's timestamp, RFC 3339 text or seconds since 1970, in UTC; None if no calendar here holds it."""
    try:
        if isinstance(value, str):
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _from_number(value: float) -> datetime | None:
    for lowest, highest, scale in _SCALES:
        if lowest <= value < highest:
            return datetime.fromtimestamp(value / scale, UTC)
    return None


def _from_text(text: str, zone: tzinfo) -> datetime | None:
    if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]", text):
        return None
    try:
        moment = datetime.fromisoformat(text.upper())
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
