"""The host of the links in a worker: what a link hands in goes to the committer's inbox."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from uuid import UUID

from bridges.pipeline.inbox import Inbox
from bridges.runtime.around import WorkerAround
from telemetry.ids import new_id
from telemetry.links import LinkReport
from telemetry.values import Arrival, Outcome


class WorkerHost:
    """Implements `telemetry.links.LinkHost` on an Inbox."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._diverted: dict[UUID, Callable[[Sequence[Outcome]], None]] = {}
        self.around: WorkerAround | None = None  # for transit links

    def offer(self, arrivals: Sequence[Arrival]) -> int:
        return self._inbox.offer(arrivals)

    def offer_and_wait(self, arrivals: Sequence[Arrival], timeout_s: float) -> int:
        """A source that can be made to wait is a serial one: it gets its id now, so that it can be spooled."""
        named = [replace(arrival, id=new_id()) for arrival in arrivals]
        return self._inbox.offer_and_wait(named, timeout_s)

    def conclude(self, outcomes: Sequence[Outcome]) -> None:
        if self._diverted:
            outcomes = [outcome for outcome in outcomes if not self._is_diverted(outcome)]
        if outcomes:
            self._inbox.conclude(outcomes)

    def divert(self, ids: Collection[UUID], to: Callable[[Sequence[Outcome]], None]) -> None:
        """What becomes of these is no matter of the outbox: tell it there instead."""
        self._diverted.update(dict.fromkeys(ids, to))

    def _is_diverted(self, outcome: Outcome) -> bool:
        tell = self._diverted.pop(outcome.id, None)
        if tell is None:
            return False
        tell([outcome])
        return True

    def report(self, report: LinkReport) -> None:
        self._inbox.report(report)

    def dropped(self, link: str, count: int) -> None:
        self._inbox.dropped(link, count)
