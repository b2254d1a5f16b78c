"""What a printer answers to DLE EOT n, and what it means for a job. Pure.

Bits: Epson TM-U220 and Bixolon SRP-350 manuals. An answer is one byte of the form 0xx1xx10; 12h says that all is well.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from devices.drivers.readiness import Standing

ASK_STATE, ASK_CAUSE, ASK_PAPER = b"\x10\x04\x01", b"\x10\x04\x02", b"\x10\x04\x04"
QUESTIONS: Final = (ASK_STATE, ASK_CAUSE, ASK_PAPER)
PAPER_OUT: Final = "paper-out"

_FIXED, _FORM = 0b1001_0011, 0b0001_0010
_OFFLINE = 0b0000_1000  # of the first answer
_COVER, _PAPER_STOP, _ERROR = 0b0000_0100, 0b0010_0000, 0b0100_0000  # of the second
_NEAR_END, _PAPER_END = 0b0000_1100, 0b0110_0000  # of the third


def is_answer(byte: int) -> bool:
    """Whether a byte has the form of an answer (XON and XOFF have not)."""
    return byte & _FIXED == _FORM


def standing(answers: Sequence[int]) -> Standing:
    """What the answers to QUESTIONS mean, in their order."""
    state, cause, paper = answers
    if paper & _PAPER_END == _PAPER_END or cause & _PAPER_STOP:
        return Standing(f"{PAPER_OUT}: the printer has no paper")
    if cause & _COVER:
        return Standing("cover-open: the printer's cover is open")
    if cause & _ERROR:
        return Standing("printer-error: the printer reports an error")
    if state & _OFFLINE:
        return Standing("offline: the printer is offline")
    return Standing("", "The paper is nearly at its end." if paper & _NEAR_END else "")
