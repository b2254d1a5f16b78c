"""Waits for conditions, with a limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class TookTooLong(Exception):
    """A condition did not come true in time."""


def wait_for(condition: Callable[[], T], what: str, *, within_s: float = 60.0, every_s: float = 0.02) -> T:
    """The condition's answer as soon as it is true; raises TookTooLong."""
    limit = time.monotonic() + within_s
    while not (answer := condition()):
        if time.monotonic() > limit:
            raise TookTooLong(f"{what}: not within {within_s:g} s")
        time.sleep(every_s)
    return answer
