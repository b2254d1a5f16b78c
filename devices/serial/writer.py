"""Carries Outgoings to an open serial port, one after the other, and says what became of each. It never waits for ever:
`flush()` does on XOFF, so the bytes that have not left are counted against a deadline instead.

A device that can be asked says before and after each write whether it is ready; while it is not, writes come back.
A command whose answer is known to come keeps the next one back until it has come, or its time is over.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from threading import Condition, Event, Thread
from time import monotonic

from devices.answers import REPLY_TO, WAIT_S
from devices.drivers.base import Driver
from devices.drivers.commands import NO_ANSWER, Answer
from devices.drivers.readiness import Standing
from devices.printing.job import FORM
from devices.serial.exchange import Exchange
from devices.serial.inquiry import Inquiry
from devices.serial.one_write import Target, Write
from devices.serial.ports import Port
from telemetry.links import LinkHost, LinkLost
from telemetry.values import DecodeFault, Outcome, Outgoing, Verdict

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 2.0


class SerialWriter:
    """The writing half of a serial link: a thread and a bounded queue, empty while no port is attached."""

    def __init__(
        self,
        key: str,
        host: LinkHost,
        *,
        window: int,
        stall_s: float,
        on_standing: Callable[[Standing], None] = lambda standing: None,
    ) -> None:
        self._key = key
        self._host = host
        self._window = window
        self._stall_s = stall_s
        self._on_standing = on_standing
        self._standing = Standing()
        self.exchange = Exchange()
        self._changed = Condition()
        self._queue: deque[Outgoing] = deque()
        self._target: Target | None = None
        self._refusal = "the port is not open yet"
        self._is_busy = False
        self._is_ending = False
        self._thread = Thread(target=self._run, name=f"{key} writer", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def attach(self, port: Port, driver: Driver) -> None:
        """The port is open: take writes from now on."""
        closing, check = Event(), driver.status_check
        with self._changed:
            self._standing = Standing()
            self._target = Target(port, driver, closing, Inquiry(check, port, closing) if check else None)

    def sift(self, data: bytes) -> bytes:
        """What was read, without the answers that this writer asked for."""
        target = self._target
        return target.inquiry.sift(data) if data and target and target.inquiry else data

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
            if self._standing.reason:
                reason = self._standing.reason
            elif self._target and not self._is_ending:
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
            if item is None:
                self._look_again(target)
                continue
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

    def _next(self) -> tuple[Outgoing | None, Target] | None:
        """The next write; no write if it is time to look whether the device is ready again; None at the end."""
        with self._changed:
            while not self._queue and not self._is_ending:
                self._changed.wait(LOOK_AGAIN_S if self._standing.reason else None)
                if self._standing.reason and self._target and not self._is_ending:
                    self._is_busy = True
                    return None, self._target
            if not self._queue or self._target is None:
                return None
            self._is_busy = True
            return self._queue.popleft(), self._target

    def _look_again(self, target: Target) -> None:
        """The device was not ready: is it now? Its silence says nothing new."""
        try:
            standing = target.inquiry.ask(again=True) if target.inquiry else Standing()
        except LinkLost as lost:
            target.port.fail(str(lost))
            standing = None
        with self._changed:
            self._is_busy = False
            self._changed.notify_all()
        if standing is not None and not target.closing.is_set():
            self._stand(standing)

    def _stand(self, standing: Standing) -> None:
        """Remember and tell how the device stands, if that is new."""
        if standing != self._standing:
            with self._changed:
                self._standing = standing
            self._on_standing(standing)

    def _carry(self, item: Outgoing, target: Target) -> Outcome:
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
        if answer.lines:
            return self._ask(item, target, data, answer)
        write = Write(item, target, data)
        return self._inquired(write, target.inquiry) if target.inquiry else write.run(self._stall_s)

    def _inquired(self, write: Write, inquiry: Inquiry) -> Outcome:
        """Write if the device is ready. What it says afterwards belongs to the outcome; that it is silent, too."""
        try:
            standing = inquiry.ask()
            if standing is not None:
                self._stand(standing)
                if standing.reason:
                    return write.outcome(Verdict.RETURNED, standing.reason)
            outcome = write.run(self._stall_s)
            if outcome.verdict is not Verdict.DELIVERED:
                return outcome
            standing = inquiry.ask()
        except LinkLost as lost:
            return write.lost(lost)
        if standing is None:
            return write.outcome(Verdict.DELIVERED, "the device does not say how it is: whether it printed is unknown")
        self._stand(standing)
        if standing.reason:
            return write.outcome(Verdict.UNKNOWN, f"{standing.reason}, at the end of this job: is it whole?")
        return outcome

    def _ask(self, item: Outgoing, target: Target, data: bytes, answer: Answer) -> Outcome:
        """Write, and wait for the answer; that none came is no fault, for the bytes have left."""
        for tries_left in (int(answer.is_repeatable), 0):
            self.exchange.begin(item, target.driver)
            outcome = Write(item, target, data).run(self._stall_s)
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
