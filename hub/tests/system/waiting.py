"""Waiting for a condition, with a limit."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")
_LOOK_EVERY_S = 0.02


def loaded(limit_s: float) -> float:
    """A limit for an idle machine as one for this machine now: one that is overloaded gets in proportion more."""
    return limit_s * max(1.0, 1.5 * os.getloadavg()[0] / (os.cpu_count() or 1))


def wait_for(
    condition: Callable[[], Found], *, within_s: float = 15.0, what: str = "", every_s: float = _LOOK_EVERY_S
) -> Found:
    """What the condition answers once that is true; fails after `within_s` with what it answered last."""
    until = time.monotonic() + within_s
    while not (found := condition()):
        if time.monotonic() > until:
            raise AssertionError(f"not within {within_s:g} s: {what or 'the condition'} (last: {found!r})")
        time.sleep(every_s)
    return found
