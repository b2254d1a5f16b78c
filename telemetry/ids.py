"""UUIDv7 ids that never go back, and the id bounds of a span of time.

Source: RFC 9562, section 5.7 and 6.2 (method 1: a counter in the 12 bits after the millisecond).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random
from uuid import UUID, SafeUUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_HOUR_MS = 3_600_000
_VERSION = 0x7 << 76
_VARIANT = 0x2 << 62

_random = Random()  # seeded by the system; ids must differ, not be secret
os.register_at_fork(after_in_child=_random.seed)


_set_int, _set_is_safe = UUID.__dict__["int"].__set__, UUID.__dict__["is_safe"].__set__
_UNKNOWN = SafeUUID.unknown


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _uuid(number: int) -> UUID:
    """`UUID(int=number)` at a quarter of its cost: several are made for each message."""
    made = UUID.__new__(UUID)
    _set_int(made, number)
    _set_is_safe(made, _UNKNOWN)
    return made


class IdGenerator:
    """Rising UUIDv7s for one process. A clock that goes back does not make the ids go back."""

    def __init__(self, now_ms: Callable[[], int] = _now_ms) -> None:
        self._now_ms = now_ms
        self._lock = threading.Lock()
        self._tick = 0  # milliseconds since 1970, times 4,096, plus the counter

    def start_after(self, last: UUID | None) -> None:
        """Never answer an id below `last` (the newest one stored)."""
        if last is not None:
            with self._lock:
                self._tick = max(self._tick, _tick_of(last))

    def __call__(self) -> UUID:
        random = _random.getrandbits(62)
        with self._lock:
            self._tick = tick = max(self._tick + 1, self._now_ms() << 12)
        return _uuid((tick >> 12) << 80 | _VERSION | (tick & 0xFFF) << 64 | _VARIANT | random)


def _tick_of(value: UUID) -> int:
    return (value.int >> 80) << 12 | (value.int >> 64) & 0xFFF


_generator = IdGenerator()


def new_id() -> UUID:
    """The next id of this process."""
    return _generator()


def start_ids_after(last: UUID | None) -> None:
    """Never answer an id below `last`, the newest one stored."""
    _generator.start_after(last)


def lowest_id(at: datetime) -> UUID:
    """The smallest UUIDv7 of the millisecond of `at` (aware): `id >= lowest_id(start)` is a time filter."""
    milliseconds = max(0, (at - _EPOCH) // _MS)
    return UUID(int=milliseconds << 80 | _VERSION | _VARIANT)


def time_of(value: UUID) -> datetime:
    """The time that a UUIDv7 carries, to the millisecond, in UTC."""
    return _time_at(value.int >> 80)


def hour_in(value: UUID) -> datetime:
    """The hour that a UUIDv7 falls into."""
    return _time_at((value.int >> 80) // _HOUR_MS * _HOUR_MS)


@lru_cache(4096)
def _time_at(milliseconds: int) -> datetime:
    return _EPOCH + milliseconds * _MS
