"""One command and its answer, shared by the thread that writes to a port and the one that reads from it.

It marks frames, and never keeps one back: what a device says is handed in whether or not it answers anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Condition
from time import monotonic

from devices.answers import ANSWERS, ASKED_BY, WHOLE
from devices.drivers.base import Driver
from devices.drivers.commands import Part
from telemetry.values import Outgoing

QUIET_S = 0.02
"""So long a pause ends what a device was saying before a command: twenty characters at 9600 baud."""
_QUIET_LIMIT_S = 0.3  # one that talks without a pause is not waited for longer


@dataclass(slots=True)
class _Question:
    """A write whose answer may come."""

    item: Outgoing
    driver: Driver
    parts: list[bytes] = field(default_factory=list)
    is_answered: bool = False  # its last part was seen
    is_handed_in: bool = False  # and is in the inbox


class Exchange:
    """At most one question at a time. `begin`, `wait` and `end` are the writer's, the rest is the reader's."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._question: _Question | None = None
        self._is_listening = False  # the reader waits for bytes: nothing that came earlier is still unread
        self._stale_reads = 0  # so many reads, from the last one on, brought what came before the question
        self._heard_at = 0.0
        self._is_cancelled = False

    # The writer

    def begin(self, item: Outgoing, driver: Driver) -> None:
        """Let the device finish what it says, for a moment; what it says from now on may be the answer."""
        with self._changed:
            until = monotonic() + _QUIET_LIMIT_S
            while not self._is_quiet() and (left_s := until - monotonic()) > 0:
                self._changed.wait(min(QUIET_S, left_s))
            self._question = _Question(item, driver)
            self._stale_reads = self._unread()
            self._is_cancelled = False

    def wait(self, timeout_s: float) -> bool:
        """Whether the whole answer was handed in within the time."""
        with self._changed:
            question = self._question
            self._changed.wait_for(lambda: self._is_cancelled or question is None or question.is_handed_in, timeout_s)
            return question is not None and question.is_handed_in

    def end(self) -> int:
        """Nothing answers it any more; how many parts of an answer came."""
        with self._changed:
            question, self._question = self._question, None
            return len(question.parts) if question else 0

    def cancel(self) -> None:
        """The port closes: wait no longer."""
        with self._changed:
            self._is_cancelled = True
            self._changed.notify_all()

    # The reader

    def listen(self) -> None:
        """About to wait for bytes: all frames so far are handed in."""
        with self._changed:
            self._is_listening = True
            if self._question and self._question.is_answered and not self._question.is_handed_in:
                self._question.is_handed_in = True
                self._changed.notify_all()

    def hear(self, data: bytes) -> None:
        """The wait is over, with these bytes or without."""
        with self._changed:
            if data:
                self._heard_at = monotonic()
                self._stale_reads = max(self._stale_reads - 1, 0)
            self._is_listening = False

    def mark(self, frame: bytes) -> Mapping[str, str]:
        """The properties that say what this frame answers; none for what the device said by itself."""
        with self._changed:
            question = self._question
            if question is None or question.is_answered or self._stale_reads:
                return {}
            part = question.driver.answer_part(question.item.payload, frame, seen=len(question.parts))
            if part is Part.NONE:
                return {}
            question.parts.append(frame)
            question.is_answered = part is Part.LAST
            return _marks(question)

    def _unread(self) -> int:
        """A reader that does not listen is busy with a read; one that was held up has another one waiting."""
        if self._is_listening:
            return 0
        return 1 if monotonic() - self._heard_at < 2 * _QUIET_LIMIT_S else 2

    def _is_quiet(self) -> bool:
        return self._is_listening and monotonic() - self._heard_at >= QUIET_S


def _marks(question: _Question) -> dict[str, str]:
    marks = {ANSWERS: str(question.item.id)}
    if not question.is_answered:
        return marks
    given = question.item.properties
    marks |= {name: given[name] for name in ASKED_BY if name in given}
    return marks | {WHOLE: b"\n".join(question.parts).hex()} if len(question.parts) > 1 else marks
