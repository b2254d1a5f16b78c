"""A host for links under test: it keeps what it is handed, and can acknowledge at once or hold back."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from threading import Lock

from telemetry.links import Link, LinkReport, LinkState
from telemetry.values import Arrival, ArrivalKind, Outcome, Verdict


class KeepingHost:
    """Implements telemetry.links.LinkHost. `capacity`: how many arrivals it takes in all."""

    def __init__(self, *, acknowledges: bool = True, capacity: int = 1_000_000) -> None:
        self.acknowledges = acknowledges
        self.capacity = capacity
        self.link: Link | None = None
        self.arrivals: list[Arrival] = []
        self.outcomes: list[Outcome] = []
        self.reports: list[LinkReport] = []
        self.dropped_count = 0
        self._lock = Lock()

    def offer(self, arrivals: Sequence[Arrival]) -> int:
        with self._lock:
            taken = list(arrivals[: max(0, self.capacity - len(self.arrivals))])
            self.arrivals += taken
        if self.acknowledges and self.link is not None:
            self.link.acknowledge(taken)
        return len(taken)

    def offer_and_wait(self, arrivals: Sequence[Arrival], timeout_s: float) -> int:
        return self.offer(arrivals)

    def conclude(self, outcomes: Sequence[Outcome]) -> None:
        with self._lock:
            self.outcomes += outcomes

    def report(self, report: LinkReport) -> None:
        with self._lock:
            self.reports.append(report)

    def dropped(self, link: str, count: int) -> None:
        with self._lock:
            self.dropped_count += count

    @property
    def messages(self) -> list[Arrival]:
        """The arrivals that are messages."""
        return [arrival for arrival in self.arrivals if arrival.kind is ArrivalKind.MESSAGE]

    @property
    def payloads(self) -> list[bytes]:
        """The payloads of the messages, in order."""
        return [arrival.payload for arrival in self.messages]

    @property
    def state(self) -> LinkState | None:
        """The newest state."""
        return self.reports[-1].state if self.reports else None

    @property
    def warning(self) -> str:
        """The newest warning."""
        return self.reports[-1].warning if self.reports else ""

    def count(self, verdict: Verdict) -> int:
        """How many outcomes say this."""
        return sum(outcome.verdict is verdict for outcome in self.outcomes)

    def connections(self) -> int:
        """How many times it was told that the link is connected after it was not."""
        states = [report.state for report in self.reports]
        return sum(
            now is LinkState.CONNECTED and before is not LinkState.CONNECTED
            for before, now in zip([None, *states], states, strict=False)
        )


def wait_until(condition: Callable[[], object], *, within_s: float = 10.0, what: str = "") -> None:
    """Wait for a condition; fails after `within_s`."""
    limit = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > limit:
            raise AssertionError(f"not within {within_s:g} s: {what or 'the condition'}")
        time.sleep(0.005)
