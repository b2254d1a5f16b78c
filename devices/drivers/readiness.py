"""How a driver declares that its device can be asked whether it is ready. Pure: whoever writes does the asking."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Standing:
    """What a device said of itself. With a `reason` no write may begin; `warning` is something to mend soon."""

    reason: str = ""
    warning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusCheck:
    """What to ask before and after each write. Every question is answered by one byte, which is never a frame."""

    questions: Sequence[bytes]
    is_answer: Callable[[int], bool]
    standing: Callable[[Sequence[int]], Standing]
    timeout_s: float = 1.0
