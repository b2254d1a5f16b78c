"""Where the links of a crossing hand in what came and what became of it, and its thread takes it. Decides nothing."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from telemetry.links import LinkReport
from telemetry.values import Arrival, Outcome

MAX_IN_HAND = 2_000
MAX_BYTES_IN_HAND = 32_000_000


@dataclass(slots=True)
class News:
    """What came since the last look."""

    arrivals: list[Arrival] = field(default_factory=list)
    outcomes: list[tuple[str, Outcome]] = field(default_factory=list)  # with the target
    reports: list[LinkReport] = field(default_factory=list)
    dropped: int = 0


class Desk:
    """Thread-safe. Arrivals are bounded together with what is in hand; the rest waits in the link, unacknowledged."""

    def __init__(self, *, most: int = MAX_IN_HAND, most_bytes: int = MAX_BYTES_IN_HAND) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._in_hand = self._bytes = 0
        self._is_closed = False
        self._news = News()
        self._is_woken = False
        self._changed = threading.Condition()

    def offer(self, arrivals: Sequence[Arrival]) -> int:
        """Take what there is room for, in order; answers how many."""
        with self._changed:
            taken = 0
            for arrival in arrivals:
                if self._is_closed or self._in_hand >= self._most or self._bytes >= self._most_bytes:
                    break
                self._news.arrivals.append(arrival)
                self._in_hand += 1
                self._bytes += len(arrival.payload)
                taken += 1
            if taken:
                self._changed.notify()
            return taken

    def conclude(self, target: str, outcomes: Sequence[Outcome]) -> None:
        """What became of Deliveries to this target."""
        with self._changed:
            self._news.outcomes += [(target, outcome) for outcome in outcomes]
            self._changed.notify()

    def report(self, report: LinkReport) -> None:
        """How a link stands."""
        with self._changed:
            self._news.reports.append(report)
            self._changed.notify()

    def drop(self, count: int) -> None:
        """So many of QoS 0 found no room."""
        with self._changed:
            self._news.dropped += count
            self._changed.notify()

    def wake(self) -> None:
        """Let the thread look at once."""
        with self._changed:
            self._is_woken = True
            self._changed.notify()

    def close(self) -> None:
        """Take no more arrivals."""
        with self._changed:
            self._is_closed = True

    def room_is_back(self, *, in_hand: int, size: int) -> None:
        """How much is in hand now, beside the news that nobody has taken."""
        with self._changed:
            self._in_hand = in_hand + len(self._news.arrivals)
            self._bytes = size + sum(len(arrival.payload) for arrival in self._news.arrivals)

    def take(self, timeout_s: float) -> News:
        """All that came; waits for something up to `timeout_s`."""
        with self._changed:
            news = self._news
            if not (news.arrivals or news.outcomes or news.reports or news.dropped or self._is_woken) and timeout_s > 0:
                self._changed.wait(timeout_s)
            news, self._news, self._is_woken = self._news, News(), False
            return news


class SourceHost:
    """The host of the link that messages come from. Implements telemetry.links.LinkHost."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def offer(self, arrivals: Sequence[Arrival]) -> int:
        return self._desk.offer(arrivals)

    def offer_and_wait(self, arrivals: Sequence[Arrival], timeout_s: float) -> int:
        return self._desk.offer(arrivals)

    def conclude(self, outcomes: Sequence[Outcome]) -> None:
        """Of the target at the same broker."""
        self._desk.conclude("", outcomes)

    def report(self, report: LinkReport) -> None:
        self._desk.report(report)

    def dropped(self, link: str, count: int) -> None:
        self._desk.drop(count)


class TargetHost(SourceHost):
    """The host of a link that messages go out by; nothing is subscribed there, so nothing comes."""

    def __init__(self, desk: Desk, target: str) -> None:
        super().__init__(desk)
        self._target = target

    def offer(self, arrivals: Sequence[Arrival]) -> int:
        return len(arrivals)

    def conclude(self, outcomes: Sequence[Outcome]) -> None:
        self._desk.conclude(self._target, outcomes)

    def report(self, report: LinkReport) -> None:
        """Under the name of the target."""
        self._desk.report(replace(report, link=self._target))

    def dropped(self, link: str, count: int) -> None: ...
