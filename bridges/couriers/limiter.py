"""Keeps the limits of targets: gives couriers their pace, and settles what is too much to wait.

Used by the committer thread alone. It drops only where a person said so, never what a courier holds, and each one is
settled and booked as what expired is. Without limits it costs nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from bridges.couriers.courier import Courier
from bridges.couriers.outbox import drop_excess, held_elsewhere
from bridges.couriers.pace import Pace, TargetLimit

if TYPE_CHECKING:
    from telemetry.recording.outcomes import Concluded

_LOOK_EVERY_S = 1.0
_ROUNDS = 20  # so many portions of one target are dropped in one turn


class Limiter:
    """The limits of all targets, and the couriers of this process that obey them."""

    def __init__(self, couriers: Mapping[str, Courier], clock: Callable[[], float] = time.monotonic) -> None:
        self._couriers = couriers
        self._clock = clock
        self._limits: Mapping[str, TargetLimit] = {}
        self._drops: dict[str, TargetLimit] = {}
        self._looked_at: float | None = None

    def obey(self, limits: Mapping[str, TargetLimit]) -> None:
        """These are the limits from now on; most often the same ones."""
        if limits is self._limits:
            return
        self._limits = limits
        self._drops = {target: limit for target, limit in limits.items() if limit.drops and limit.max_waiting}
        for courier in self._couriers.values():
            self._pace(courier)

    def greet(self, courier: Courier) -> None:
        """A courier that is new here: before it reads, what is too much goes."""
        self._looked_at = None
        self._pace(courier)

    def _pace(self, courier: Courier) -> None:
        courier.pace = Pace.keeping(self._limits.get(courier.target), courier.pace, self._clock)

    def pause_s(self, longest: float) -> float:
        """How long the committer may sleep before a courier may carry on."""
        return min((c.pause_s for c in self._couriers.values() if c.is_paused), default=longest)

    def serve(self, now: datetime) -> list[Concluded]:
        """Once a second, drop what is beyond the number that may wait; answers what was dropped."""
        if not self._drops:
            return []
        clock = self._clock()
        if self._looked_at is not None and clock - self._looked_at < _LOOK_EVERY_S:
            return []
        dropped: list[Concluded] = []
        strangers = held_elsewhere(self._drops.keys() - self._couriers.keys())
        for target, limit in self._drops.items():
            courier = self._couriers.get(target)
            if target not in strangers and (courier is None or courier.is_behind or not courier.is_open):
                dropped += _drop(target, limit, courier.held if courier else (), now)
        self._looked_at = clock  # only now: a look that failed is not one
        return dropped


def _drop(target: str, limit: TargetLimit, held: Collection[UUID], now: datetime) -> list[Concluded]:
    dropped: list[Concluded] = []
    for _ in range(_ROUNDS):
        portion = drop_excess(target, limit.max_waiting or 0, keeps_newest=limit.drops == "oldest", held=held, now=now)
        if not portion:
            break
        dropped += portion
    return dropped
