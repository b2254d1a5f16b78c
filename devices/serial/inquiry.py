"""Asks a device whether it is ready, between writes. Shared by the thread that writes and the one that reads.

Nobody answering is no fault: the device is off, cannot answer, or has no wire for it.
"""

from __future__ import annotations

from threading import Condition, Event
from time import monotonic

from devices.drivers.readiness import Standing, StatusCheck
from devices.serial.ports import Port
from telemetry.links import LinkLost

SILENT_FOR_S = 60.0
"""A device that did not answer is not asked again before each write for so long: that would cost every write a wait."""
_TURN_S = 0.05


class Inquiry:
    """One opening of one port. `ask` is the writer's, `sift` the reader's."""

    def __init__(self, check: StatusCheck, port: Port, closing: Event) -> None:
        self._check = check
        self._port = port
        self._closing = closing
        self._changed = Condition()
        self._owed = 0  # answers that may still come
        self._answer: int | None = None
        self._silent_until = 0.0

    def ask(self, *, again: bool = False) -> Standing | None:
        """What the device says; None if it does not answer. `again`: even if it did not lately. Raises LinkLost."""
        if not again and monotonic() < self._silent_until:
            return None
        with self._changed:
            self._owed = 0  # what an earlier silence still owed would have come by now
        answers = []
        for question in self._check.questions:
            answer = self._put(question)
            if answer is None:
                self._silent_until = monotonic() + SILENT_FOR_S
                return None
            answers.append(answer)
        self._silent_until = 0.0
        return self._check.standing(answers)

    def sift(self, data: bytes) -> bytes:
        """These bytes without the answers that were asked for, however late they come."""
        with self._changed:
            kept = bytearray()
            for byte in data:
                if self._owed and self._check.is_answer(byte):
                    self._owed -= 1
                    self._answer = byte if not self._owed else None  # a late one answers an earlier question
                else:
                    kept.append(byte)
            self._changed.notify_all()
        return bytes(kept)

    def _put(self, question: bytes) -> int | None:
        until = monotonic() + self._check.timeout_s
        with self._changed:
            self._answer = None
            self._owed += 1
        sent = 0
        while sent < len(question) and monotonic() < until and not self._closing.is_set():
            sent += self._port.write(question[sent:], _TURN_S)
        if 0 < sent < len(question):
            raise LinkLost("the device took only a part of a question")  # what follows would be misread
        with self._changed:
            if not sent:
                self._owed -= 1
                return None
            while self._answer is None and monotonic() < until and not self._closing.is_set():
                self._changed.wait(_TURN_S)
            return self._answer
