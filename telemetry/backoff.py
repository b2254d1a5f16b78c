"""How long to wait before trying again. Pure: the caller hands in the randomness and does the waiting."""

from __future__ import annotations

from collections.abc import Callable
from random import random


class Backoff:
    """Exponential backoff with full jitter. It never gives up: the delay grows to `cap_s` and stays.

    Source: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """

    def __init__(self, base_s: float = 0.25, cap_s: float = 30.0, *, draw: Callable[[], float] = random) -> None:
        self.base_s = base_s
        self.cap_s = cap_s
        self.failures = 0
        self._draw = draw

    def next_delay_s(self) -> float:
        """Seconds to wait after one more failure: between 0 and min(cap, base * 2^failures)."""
        ceiling = min(self.cap_s, self.base_s * 2.0 ** min(self.failures, 32))
        self.failures += 1
        return self._draw() * ceiling

    def reset(self) -> None:
        """A success: the next failure starts from `base_s` again."""
        self.failures = 0
