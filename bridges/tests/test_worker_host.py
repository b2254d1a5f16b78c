"""Where what becomes of Outgoings goes: to the inbox, or to the transit link that sent them."""

from __future__ import annotations

from collections.abc import Sequence

from bridges.pipeline.inbox import Inbox
from bridges.runtime.host import WorkerHost
from telemetry.ids import new_id
from telemetry.values import Outcome, Verdict


def test_what_was_diverted_goes_there_once_and_everything_else_to_the_inbox() -> None:
    inbox = Inbox()
    host = WorkerHost(inbox)
    diverted: list[Outcome] = []

    def tell(outcomes: Sequence[Outcome]) -> None:
        diverted.extend(outcomes)

    mine, other = Outcome(new_id(), Verdict.DELIVERED), Outcome(new_id(), Verdict.DELIVERED)
    host.divert([mine.id], tell)
    host.conclude([mine, other])
    host.conclude([mine])
    assert diverted == [mine]
    assert inbox.take(10, 0).outcomes == [other, mine]
