"""Carries Outgoings to an open serial port, one after the other, and says what became of each. It never waits for ever:
`flush()` does on XOFF, so the bytes that have not left are counted against a deadline instead.

A command whose answer is known to come keeps the next one back until it has come, or its time is over.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Condition, Event, Thread
from time import monotonic

from devices.answers import REPLY_TO, WAIT_S
from devices.drivers.base import Driver
from devices.drivers.commands import NO_ANSWER, Answer
from devices.printing.job import FORM
from devices.serial.exchange import Exchange
from devices.serial.ports import Port
from telemetry.links import LinkHost, LinkLost
from telemetry.values import DecodeFault, Outcome, Outgoing, Verdict

log = logging.getLogger(__name__)

_TURN_S = 0.05


@dataclass(frozen=True, slots=True)
class _Target:
    """One opening of the port: where writes go and how they are said."""

    port: Port
    driver: Driver
    closing: Event


class SerialWriter:
    """The writing half of a serial link: a thread and a bounded queue, empty while no port is attached."""

    def __init__(self, key: str, host: LinkHost, *, window: int, stall_s: float) -> None:
        self._key = key
        self._host = host
        self._window = window
        self._stall_s = stall_s
        self.exchange = Exchange()
        self._changed = Condition()
        self._queue: deque[Outgoing] = deque()
        self._target: _Target | None = None
        self._refusal = "the port is not open yet"
        self._is_busy = False
        self._is_ending = False
        self._thread = Thread(target=self._run, name=f"{key} writer", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def attach(self, port: Port, driver: Driver) -> None:
        """The port is open: take writes from now on."""
        with self._changed:
            self._target = _Target(port, driver, Event())

    def detach(self, reason: str, *, timeout_s: float = 6.0) -> None:
        """The port is about to close: cut short the write in hand, give the rest back, and let go of the port.

        Within a turn, but for pyserial's RFC 2217, which may block until its own time limit of 5 s.
        """
        with self._changed:
            if self._target:
                self._target.closing.set()
                self.exchange.cancel()
            self._target, self._refusal = None, reason
            left = self._emptied()
            self._changed.wait_for(lambda: not self._is_busy, timeout_s)
        self._conclude(_returned(left, reason))

    def send(self, items: Sequence[Outgoing]) -> None:
        """Queue these, or give them back at once: nothing is kept for a port that is away."""
        with self._changed:
            reason = self._refusal
            room = 0
            if self._target and not self._is_ending:
                room = self._window - len(self._queue) - self._is_busy
                reason = f"the link holds {self._window} writes already"
            self._queue.extend(items[: max(room, 0)])
            self._changed.notify_all()
        self._conclude(_returned(items[max(room, 0) :], reason))

    def finish(self, timeout_s: float) -> bool:
        """Take no more, write what is queued within `timeout_s`, cut short what is not; whether the thread ended."""
        until = monotonic() + timeout_s
        with self._changed:
            self._is_ending, self._refusal = True, "the link is stopping"
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._queue and not self._is_busy, timeout_s * 0.8)
        self.detach("the link is stopping", timeout_s=max(until - monotonic(), 0.1))
        if self._thread.ident is not None:
            self._thread.join(max(until - monotonic(), 0.1))
        return not self._thread.is_alive()

    def _run(self) -> None:
        while (taken := self._next()) is not None:
            item, target = taken
            left: list[Outgoing] = []
            try:
                outcome = self._carry(item, target)
            except Exception as error:
                log.exception("a write failed unexpectedly", extra={"link": self._key})
                target.port.fail(f"unexpected fault while writing: {error!r}")
                outcome = Outcome(item.id, Verdict.UNKNOWN, f"unexpected fault: {error!r}", is_abnormal=True)
            with self._changed:
                self._is_busy = False
                if outcome.verdict in (Verdict.RETURNED, Verdict.UNKNOWN):
                    left = self._emptied()  # else they would overtake it
                self._changed.notify_all()
            self._conclude([outcome, *_returned(left, f"behind another write: {outcome.reason}")])

    def _next(self) -> tuple[Outgoing, _Target] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._is_ending)
            if not self._queue or self._target is None:
                return None
            self._is_busy = True
            return self._queue.popleft(), self._target

    def _carry(self, item: Outgoing, target: _Target) -> Outcome:
        try:
            data = target.driver.encode_as(item.payload, item.properties.get(FORM, ""))
        except DecodeFault as fault:
            return Outcome(item.id, Verdict.REFUSED, str(fault))
        except Exception as error:
            log.exception("the driver failed to encode", extra={"link": self._key})
            return Outcome(item.id, Verdict.REFUSED, f"the driver failed: {error!r}")
        if not data:
            return Outcome(item.id, Verdict.REFUSED, "the payload is empty: there is nothing to write")
        answer = _awaited(item, target.driver)
        return self._ask(item, target, data, answer) if answer.lines else _Write(item, target, data).run(self._stall_s)

    def _ask(self, item: Outgoing, target: _Target, data: bytes, answer: Answer) -> Outcome:
        """Write, and wait for the answer; that none came is no fault, for the bytes have left."""
        for tries_left in (int(answer.is_repeatable), 0):
            self.exchange.begin(item, target.driver)
            outcome = _Write(item, target, data).run(self._stall_s)
            is_written = outcome.verdict is Verdict.DELIVERED
            if is_written and not target.closing.is_set() and self.exchange.wait(answer.timeout_s):
                self.exchange.end()
                return outcome
            parts = self.exchange.end()
            if not is_written:
                return outcome
            if target.closing.is_set():
                return Outcome(item.id, Verdict.DELIVERED, "the port was closed before an answer came")
            if parts or not tries_left:
                break
        return Outcome(item.id, Verdict.DELIVERED, _silence(answer, parts))

    def _emptied(self) -> list[Outgoing]:
        left = list(self._queue)
        self._queue.clear()
        return left

    def _conclude(self, outcomes: Sequence[Outcome]) -> None:
        try:
            if outcomes:
                self._host.conclude(outcomes)
        except Exception:  # the thread must live on
            log.exception("the host refused outcomes", extra={"link": self._key})


class _Write:
    """One write in progress."""

    def __init__(self, item: Outgoing, target: _Target, data: bytes) -> None:
        self._item = item
        self._target = target
        self._data = data
        self._taken = 0
        self._chunk_end = 0

    def run(self, stall_s: float) -> Outcome:
        """Until every byte has left, or none has for `stall_s`, or the port closes."""
        left, moved_at = 0, monotonic()
        try:
            while True:
                before = self._taken, left
                left = self._push()
                if not left and self._taken == len(self._data):
                    return Outcome(self._item.id, Verdict.DELIVERED)
                if (self._taken, left) != before:
                    moved_at = monotonic()
                elif monotonic() - moved_at > stall_s:
                    return self._cut(f"no byte left for {stall_s:g} s: does the device hold back (XOFF, CTS, paper)?")
                if self._target.closing.is_set():
                    return self._cut("the port was closed", is_abnormal=True)
        except LinkLost as lost:
            self._target.port.fail(str(lost))
            return self._cut(str(lost), is_abnormal=True)

    def _push(self) -> int:
        """Give the port what it takes within a turn; how many bytes have not left yet."""
        port, driver = self._target.port, self._target.driver
        if self._taken == self._chunk_end and (not driver.chunk_pause_s or self._is_rested()):
            self._chunk_end = min(self._taken + driver.chunk_bytes, len(self._data))
        if self._taken < self._chunk_end:
            self._taken += port.write(self._data[self._taken : self._chunk_end], _TURN_S)
        left = port.unsent()
        if left and self._taken == len(self._data):
            self._target.closing.wait(_TURN_S / 10)
            left = port.unsent()
        return left

    def _is_rested(self) -> bool:
        """Between two chunks: wait until the last one has left, and for the device's pause after that."""
        target = self._target
        if self._taken in (0, len(self._data)):
            return True
        if target.port.unsent():
            target.closing.wait(_TURN_S / 10)
            return False
        target.closing.wait(target.driver.chunk_pause_s)
        return True

    def _cut(self, reason: str, *, is_abnormal: bool = False) -> Outcome:
        gone = self._taken and self._taken - self._target.port.discard_unsent()
        if gone:
            reason = f"cut short after {gone} of {len(self._data)} bytes: {reason}"
        verdict = Verdict.UNKNOWN if gone else Verdict.RETURNED
        return Outcome(self._item.id, verdict, reason, is_abnormal=is_abnormal)


def _awaited(item: Outgoing, driver: Driver) -> Answer:
    """The answer to wait for: one that is sure to come, or one that somebody asked for."""
    answer = driver.answer(item.payload)
    if answer.is_certain:
        return answer
    if WAIT_S in item.properties:
        return replace(answer, timeout_s=max(answer.timeout_s, float(item.properties[WAIT_S])))
    return answer if REPLY_TO in item.properties else NO_ANSWER


def _silence(answer: Answer, parts: int) -> str:
    if parts:
        return f"only a part of an answer ({parts} of {answer.lines} lines) within {answer.timeout_s:g} s"
    asked = ", asked twice" if answer.is_repeatable else ""
    return f"no answer within {answer.timeout_s:g} s{asked}"


def _returned(items: Sequence[Outgoing], reason: str) -> list[Outcome]:
    return [Outcome(item.id, Verdict.RETURNED, reason) for item in items]
