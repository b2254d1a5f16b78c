"""One write on its way: pushed out in chunks until every byte has left, or cut short. It never waits for ever."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Event
from time import monotonic

from devices.drivers.base import Driver
from devices.serial.inquiry import Inquiry
from devices.serial.ports import Port
from telemetry.links import LinkLost
from telemetry.values import Outcome, Outgoing, Verdict

TURN_S = 0.05


@dataclass(frozen=True, slots=True)
class Target:
    """One opening of the port: where writes go and how they are said."""

    port: Port
    driver: Driver
    closing: Event
    inquiry: Inquiry | None


class Write:
    """One write in progress."""

    def __init__(self, item: Outgoing, target: Target, data: bytes) -> None:
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
            return self.lost(lost)

    def outcome(self, verdict: Verdict, reason: str) -> Outcome:
        """What became of it."""
        return Outcome(self._item.id, verdict, reason)

    def lost(self, lost: LinkLost) -> Outcome:
        """What became of it when the port was lost: all written is not all printed."""
        self._target.port.fail(str(lost))
        return self._cut(str(lost), is_abnormal=True)

    def _push(self) -> int:
        """Give the port what it takes within a turn; how many bytes have not left yet."""
        port, driver = self._target.port, self._target.driver
        if self._taken == self._chunk_end and (not driver.chunk_pause_s or self._is_rested()):
            self._chunk_end = min(self._taken + driver.chunk_bytes, len(self._data))
        if self._taken < self._chunk_end:
            self._taken += port.write(self._data[self._taken : self._chunk_end], TURN_S)
        left = port.unsent()
        if left and self._taken == len(self._data):
            self._target.closing.wait(TURN_S / 10)
            left = port.unsent()
        return left

    def _is_rested(self) -> bool:
        """Between two chunks: wait until the last one has left, and for the device's pause after that."""
        target = self._target
        if self._taken in (0, len(self._data)):
            return True
        if target.port.unsent():
            target.closing.wait(TURN_S / 10)
            return False
        target.closing.wait(target.driver.chunk_pause_s)
        return True

    def _cut(self, reason: str, *, is_abnormal: bool = False) -> Outcome:
        gone = max(self._taken - self._target.port.discard_unsent(), 0) if self._taken else 0
        if gone:
            reason = f"cut short after {gone} of {len(self._data)} bytes: {reason}"
        verdict = Verdict.UNKNOWN if gone else Verdict.RETURNED
        return Outcome(self._item.id, verdict, reason, is_abnormal=is_abnormal)
