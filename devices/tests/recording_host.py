"""A LinkHost that keeps what a link hands in, with an inbox of a chosen size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Condition

from telemetry.links import LinkReport, LinkState
from telemetry.values import Arrival, ArrivalKind, Outcome


class RecordingHost:
    """Keeps everything in order. `room` is how many more arrivals it takes; tests wait for what they expect."""

    def __init__(self, room: int = 1_000_000) -> None:
        self.room = room
        self.arrivals: list[Arrival] = []
        self.outcomes: list[Outcome] = []
        self.reports: list[LinkReport] = []
        self.dropped_count = 0
        self.offered = 0  # how many were in the last offer, taken or not
        self._changed = Condition()

    @property
    def messages(self) -> list[bytes]:
        """The payloads that arrived, without gaps."""
        return [arrival.payload for arrival in self.arrivals if arrival.kind is ArrivalKind.MESSAGE]

    @property
    def gaps(self) -> list[Arrival]:
        """The openings of the port."""
        return [arrival for arrival in self.arrivals if arrival.kind is ArrivalKind.GAP]

    @property
    def state(self) -> LinkState | None:
        """The state last reported."""
        return self.reports[-1].state if self.reports else None

    def wait(self, condition: Callable[[], object], timeout_s: float = 5.0) -> bool:
        """Whether the condition came true in time."""
        with self._changed:
            return bool(self._changed.wait_for(condition, timeout_s))

    def wait_state(self, state: LinkState, timeout_s: float = 5.0) -> bool:
        """Whether the link reported that state in time."""
        return self.wait(lambda: self.state is state, timeout_s)

    def make_room(self, count: int) -> None:
        """Take that many more."""
        with self._changed:
            self.room += count
            self._changed.notify_all()

    def offer(self, arrivals: Sequence[Arrival]) -> int:
        return self.offer_and_wait(arrivals, 0.0)

    def offer_and_wait(self, arrivals: Sequence[Arrival], timeout_s: float) -> int:
        with self._changed:
            self.offered = len(arrivals)
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.room > 0, timeout_s)
            taken = min(self.room, len(arrivals))
            self.room -= taken
            self.arrivals += arrivals[:taken]
            self._changed.notify_all()
            return taken

    def conclude(self, outcomes: Sequence[Outcome]) -> None:
        with self._changed:
            self.outcomes += outcomes
            self._changed.notify_all()

    def report(self, report: LinkReport) -> None:
        with self._changed:
            self.reports.append(report)
            self._changed.notify_all()

    def dropped(self, link: str, count: int) -> None:
        with self._changed:
            self.dropped_count += count
            self._changed.notify_all()
