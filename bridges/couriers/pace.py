"""How fast a target may be given Deliveries, and how many may wait for it. Pure: the clock is handed in."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

BUCKET_S = 0.1
"""So much of a second may go out at once: a bucket of a whole second would let twice the rate through at its start."""


@dataclass(frozen=True, slots=True)
class TargetLimit:
    """What a person allows a target. `drops` is '' (nothing), 'oldest' or 'newest'."""

    drain_rate: float | None = None
    max_waiting: int | None = None
    drops: str = ""


class Pace:
    """A bucket of tokens: each Delivery takes one, and `rate` come back in a second."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.rate = rate
        self.bucket = max(1, ceil(rate * BUCKET_S))
        self._clock = clock
        self._tokens = float(self.bucket)
        self._seen_at = clock()

    @property
    def allows(self) -> int:
        """How many may go out now."""
        now = self._clock()
        self._tokens = min(self.bucket, self._tokens + (now - self._seen_at) * self.rate)
        self._seen_at = now
        return int(self._tokens + 1e-9)  # waiting for a third of a second three times makes a whole one

    @classmethod
    def keeping(cls, limit: TargetLimit | None, now: Pace | None, clock: Callable[[], float]) -> Pace | None:
        """The pace that a limit asks for: the one of now, with its tokens, if the rate is the same; None for none."""
        rate = limit.drain_rate if limit else None
        if rate == (now.rate if now else None):
            return now
        return cls(rate, clock) if rate else None

    def take(self, count: int) -> None:
        """So many went out; more than it allows is paid back later."""
        self._tokens -= count

    def pause_s(self, count: int) -> float:
        """How long until so many may go out."""
        return 0.0 if self.allows >= count else (count - self._tokens) / self.rate
