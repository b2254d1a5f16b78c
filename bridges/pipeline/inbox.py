"""The bounded inbox between the links and the committer. Everything that a committer does comes through here."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from telemetry.links import LinkReport
from telemetry.processes.gauges import gauges
from telemetry.recording.batch import IdempotencyDraft
from telemetry.values import Arrival, Outcome

MAX_BATCH_BYTES = 16_000_000
COMPANY_S = 0.01
"""So long outcomes that are alone wait for something to be committed with: nobody waits for them, and a commit of
their own after each message would hold up the next one."""
_CROWD = 100  # so many outcomes wait for nobody


@dataclass(slots=True, eq=False)
class Submission:
    """Arrivals of one web request: committed together or not at all, and answered through `settle`."""

    arrivals: Sequence[Arrival]
    settle: Callable[[BaseException | None], None]
    idempotency: IdempotencyDraft | None = None


@dataclass(slots=True)
class Work:
    """What the committer takes at once: the natural batch."""

    arrivals: list[Arrival] = field(default_factory=list)
    submissions: list[Submission] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    reports: list[LinkReport] = field(default_factory=list)
    calls: list[Callable[[], None]] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)

    @property
    def has_traffic(self) -> bool:
        """Whether there is anything to commit."""
        return bool(self.arrivals or self.submissions or self.outcomes or self.reports or self.dropped)


class Inbox:
    """Thread-safe. Arrivals are bounded in number and bytes; outcomes are bounded by the couriers' windows,
    reports by the number of links."""

    def __init__(self, capacity: int = 10_000, capacity_bytes: int = 64_000_000) -> None:
        self.capacity = capacity
        self.capacity_bytes = capacity_bytes
        self._arrivals: deque[Arrival] = deque()
        self._bytes = 0
        self._taken = 0  # arrivals, over its whole life
        self._submissions: deque[Submission] = deque()
        self._outcomes: deque[Outcome] = deque()
        self._reports: dict[str, LinkReport] = {}
        self._calls: deque[Callable[[], None]] = deque()
        self._dropped: dict[str, int] = {}
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._room = threading.Condition(self._lock)
        gauges.watch_inbox(self)

    def __len__(self) -> int:
        return len(self._arrivals)

    def offer(self, arrivals: Sequence[Arrival]) -> int:
        """Take what there is room for, in order; answers how many."""
        with self._lock:
            taken = 0
            for arrival in arrivals:
                if not self._has_room():
                    break
                self._arrivals.append(arrival)
                self._bytes += len(arrival.payload)
                taken += 1
            if taken:
                self._work.notify()
            return taken

    def offer_and_wait(self, arrivals: Sequence[Arrival], timeout_s: float) -> int:
        """As `offer`, waiting for room up to `timeout_s`."""
        taken = self.offer(arrivals)
        deadline = time.monotonic() + timeout_s
        while taken < len(arrivals) and (left_s := deadline - time.monotonic()) > 0:
            with self._lock:
                if not self._has_room():
                    self._room.wait(left_s)
            taken += self.offer(arrivals[taken:])
        return taken

    def submit(self, submission: Submission) -> bool:
        """Take a web request; False if too many wait already."""
        with self._lock:
            if len(self._submissions) >= self.capacity:
                return False
            self._submissions.append(submission)
            self._work.notify()
            return True

    def conclude(self, outcomes: Sequence[Outcome]) -> None:
        """Hand in what became of Outgoings."""
        with self._lock:
            self._outcomes.extend(outcomes)
            self._work.notify()

    def report(self, report: LinkReport) -> None:
        """Hand in a link's state. Only the newest of each link counts."""
        with self._lock:
            self._reports.pop(report.link, None)
            self._reports[report.link] = report
            self._work.notify()

    def dropped(self, link: str, count: int) -> None:
        """Count messages that found no room and cannot be asked for again."""
        with self._lock:
            self._dropped[link] = self._dropped.get(link, 0) + count
            self._work.notify()

    def call(self, function: Callable[[], None]) -> None:
        """Run this in the committer thread, between two batches."""
        with self._lock:
            self._calls.append(function)
            self._work.notify()

    def peek(self) -> list[Arrival]:
        """The arrivals that wait, without taking them."""
        with self._lock:
            return list(self._arrivals)

    def end(self) -> int:
        """Where the arrivals that wait now end, for `is_past`."""
        with self._lock:
            return self._taken + len(self._arrivals)

    def is_past(self, end: int) -> bool:
        """Whether everything up to there has been taken."""
        return self._taken >= end

    def take(self, limit: int, timeout_s: float) -> Work:
        """All that came while the last batch was committing, at most `limit` arrivals; waits for the first."""
        with self._lock:
            if not self._is_pending():
                self._work.wait(timeout_s)
            if timeout_s and self._outcomes:
                self._work.wait_for(self._is_pressing, COMPANY_S)
            work = Work(reports=list(self._reports.values()), calls=list(self._calls), dropped=self._dropped)
            self._reports, self._dropped = {}, {}
            self._calls.clear()
            work.outcomes = list(self._outcomes)
            self._outcomes.clear()
            self._take_arrivals(work, limit)
            self._room.notify_all()
            return work

    def _take_arrivals(self, work: Work, limit: int) -> None:
        count = size = 0
        while self._submissions and count < limit:
            submission = self._submissions.popleft()
            work.submissions.append(submission)
            count += len(submission.arrivals)
        while self._arrivals and count < limit and size < MAX_BATCH_BYTES:
            arrival = self._arrivals.popleft()
            size += len(arrival.payload)
            count += 1
            work.arrivals.append(arrival)
        self._taken += len(work.arrivals)
        self._bytes -= size

    def _has_room(self) -> bool:
        return len(self._arrivals) < self.capacity and self._bytes < self.capacity_bytes

    def _is_pending(self) -> bool:
        return bool(self._outcomes) or self._is_pressing()

    def _is_pressing(self) -> bool:
        return bool(
            self._arrivals
            or self._submissions
            or self._reports
            or self._calls
            or self._dropped
            or len(self._outcomes) >= _CROWD
        )
