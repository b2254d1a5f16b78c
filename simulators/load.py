"""What lies on a scale: things are put on and taken off, and the pan swings until it rests. Pure but for its random."""

from __future__ import annotations

from math import exp
from random import Random

_SETTLING_S = 0.6
_STABLE_G = 0.002


class Load:
    """A weight in grams over time. Time is whatever clock the caller uses, in seconds, never going back."""

    def __init__(self, random: Random, *, capacity_g: float = 500.0, rest_s: tuple[float, float] = (4.0, 12.0)) -> None:
        self._random = random
        self._capacity_g = capacity_g
        self._rest_s = rest_s
        self._aim_g = round(random.uniform(0.05, 0.5) * capacity_g, 3)
        self._off_g = 0.0
        self._seen_at = 0.0
        self._next_change_at: float | None = None

    def put(self, weight_g: float) -> None:
        """Somebody puts exactly this on the pan, for good."""
        self._off_g += self._aim_g - weight_g
        self._aim_g = weight_g
        self._next_change_at = float("inf")

    def weight_g(self, now_s: float) -> float:
        """What lies on the pan, as the swinging scale sees it."""
        self._move(now_s)
        return self._aim_g - self._off_g

    def is_stable(self, now_s: float) -> bool:
        """Whether the pan rests."""
        self._move(now_s)
        return abs(self._off_g) < _STABLE_G

    def _move(self, now_s: float) -> None:
        self._off_g *= exp(-max(now_s - self._seen_at, 0.0) / _SETTLING_S)
        self._seen_at = now_s
        if self._next_change_at is None:
            self._next_change_at = now_s + self._random.uniform(*self._rest_s)
        if now_s >= self._next_change_at:
            self._next_change_at = now_s + self._random.uniform(*self._rest_s)
            before = self._aim_g
            is_emptied = self._random.random() < 0.25
            self._aim_g = 0.0 if is_emptied else round(self._random.uniform(0.02, 0.9) * self._capacity_g, 3)
            self._off_g += self._aim_g - before
