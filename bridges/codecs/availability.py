"""Says in one form what devices say in five: whether they are there. Pure.

The value is `{"available": true}` or `{"available": false}`, alone, without readings.
"""

from __future__ import annotations

from typing import Final

from bridges.codecs.document import read_json
from telemetry.values import Decoded, DecodeFault, Json

_THERE: Final = frozenset({"online", "true", "connected", "alive"})
_AWAY: Final = frozenset({"offline", "false", "disconnected", "lost"})
_KEYS: Final = ("state", "status", "online", "available")


def said_available(payload: bytes) -> bool | None:
    """True, false, or None if the payload says neither. Plain words, or an object such as {"state": "online"}."""
    text = payload.strip()
    if text[:1] != b"{":
        return _word(text.decode("utf-8", "replace"))
    try:
        document = read_json(text)
    except DecodeFault:
        return None
    return next((_word(document[key]) for key in _KEYS if key in document), None)


def availability(payload: bytes, *, device: str) -> Decoded | None:
    """The decoded value of an availability topic; None if the payload says neither."""
    flag = said_available(payload)
    return None if flag is None else Decoded({"available": flag}, topic_device=device)


def _word(said: Json) -> bool | None:
    word = str(said).strip().lower()
    return True if word in _THERE else False if word in _AWAY else None
