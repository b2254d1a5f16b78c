"""Commands that a driver knows by name, and what a device answers to a write. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a device says to one write, as far as its driver knows."""

    lines: int = 0  # 0: it says nothing
    timeout_s: float = 2.0
    is_certain: bool = True  # False: waited for only if somebody asked for the answer
    is_repeatable: bool = False  # without an answer, the write may be made once more: asking twice does no harm


NO_ANSWER = Answer()


class Part(Enum):
    """What one frame is to the write before it."""

    NONE = "none"  # the device said it by itself, or it is noise
    MORE = "more"  # a part of the answer, not its last
    LAST = "last"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command by name. `data` is what goes out, before the terminator that the device's options add."""

    name: str
    label: str
    data: bytes
    lines: int = 1  # how many the device answers; 0 for none
    waits_for_rest: bool = False  # the device answers only when the pan rests
    is_certain: bool = True  # False: some models answer, some do not
    is_question: bool = False  # it changes nothing, so it may be asked twice
