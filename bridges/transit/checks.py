"""What a rule may do with messages that pass through unstored: publish and write, one message at a time. Pure.

Nothing of such a message is in the database, so what works from there - batches, tasks, history - cannot have it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from bridges.codecs.registry import CODECS

ALLOWED = ("publish", "write")
BATCH_FAULT = "Messages that pass through unstored cannot wait for a batch."


class HasKind(Protocol):
    """An action, as far as its kind says."""

    @property
    def kind(self) -> str: ...


def is_stateful(codec: str) -> bool:
    """Whether this codec must remember messages. Of an unknown one its own check speaks."""
    found = CODECS.get(codec)
    return found is not None and found.is_stateful


def action_fault(kind: str) -> str:
    """Why this kind of action is not for messages in transit; '' if it is."""
    return "" if kind in ALLOWED else "What passes through unstored can only be published and written to devices."


def rule_fault(every_s: float | None, actions: Iterable[HasKind]) -> str:
    """Why a rule is not for messages in transit; '' if it is."""
    if every_s is not None:
        return BATCH_FAULT
    return next((fault for action in actions if (fault := action_fault(action.kind))), "")
