"""When what breaks, and when it comes back: drawn from a seed, so that a run can be repeated. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random


class Fault(StrEnum):
    """What can break."""

    WORKER = "the worker is killed (-9)"
    BROKER = "the broker is down"
    DATABASE = "the database is down"
    REDIS = "Redis is down, and has lost everything"


AWAY_S = {Fault.WORKER: (0.0, 2.0), Fault.BROKER: (0.5, 4.0), Fault.DATABASE: (1.0, 6.0), Fault.REDIS: (1.0, 8.0)}
PAUSE_S = (3.0, 9.0)
"""From one fault of a kind to the next of the same kind. Different kinds overlap as they fall."""
FIRST_S, LAST_SHARE = 3.0, 0.9


@dataclass(frozen=True, slots=True, order=True)
class Step:
    """One thing to do, so many seconds after the start."""

    at_s: float
    fault: Fault
    is_end: bool  # it comes back


def draw(seed: int, seconds: float, kinds: Sequence[Fault] = tuple(Fault)) -> list[Step]:
    """In the order of time. Everything is back before the end."""
    random, steps = Random(seed), []
    for kind in kinds:
        at_s = FIRST_S + random.uniform(*PAUSE_S)
        while (end_s := at_s + random.uniform(*AWAY_S[kind])) < seconds * LAST_SHARE:
            steps += [Step(at_s, kind, is_end=False), Step(end_s, kind, is_end=True)]
            at_s = end_s + random.uniform(*PAUSE_S)
    return sorted(steps)
