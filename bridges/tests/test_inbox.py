"""The inbox: bounded, in order, and never without an answer to who offered."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from bridges.pipeline.inbox import Inbox, Submission
from telemetry.links import LinkReport, LinkState
from telemetry.values import Arrival

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def arrival(sequence: int, payload: bytes = b"x") -> Arrival:
    return Arrival(link="device:scale", payload=payload, received_at=NOW, sequence=sequence)


def test_it_takes_a_prefix_when_it_is_full() -> None:
    inbox = Inbox(capacity=2)
    assert inbox.offer([arrival(1), arrival(2), arrival(3)]) == 2
    assert [a.sequence for a in inbox.take(10, 0).arrivals] == [1, 2]


def test_bytes_are_bounded_too() -> None:
    inbox = Inbox(capacity_bytes=10)
    assert inbox.offer([arrival(1, b"x" * 20), arrival(2)]) == 1
    inbox.take(10, 0)
    assert inbox.offer([arrival(2)]) == 1


def test_what_is_over_the_limit_stays_for_the_next_batch() -> None:
    inbox = Inbox()
    inbox.offer([arrival(n) for n in range(5)])
    assert [a.sequence for a in inbox.take(3, 0).arrivals] == [0, 1, 2]
    assert [a.sequence for a in inbox.take(3, 0).arrivals] == [3, 4]


def test_an_offer_that_waits_goes_on_when_there_is_room() -> None:
    inbox = Inbox(capacity=1)
    taken: list[int] = []
    thread = threading.Thread(target=lambda: taken.append(inbox.offer_and_wait([arrival(1), arrival(2)], 5)))
    thread.start()
    seen: list[int] = []
    while len(seen) < 2:
        seen += [a.sequence for a in inbox.take(10, 1).arrivals]
    thread.join(5)
    assert (taken, seen) == ([2], [1, 2])


def test_an_offer_that_waits_gives_up_after_its_time() -> None:
    inbox = Inbox(capacity=1)
    assert inbox.offer_and_wait([arrival(1), arrival(2)], 0.01) == 1


def test_only_the_newest_report_of_a_link_counts() -> None:
    inbox = Inbox()
    inbox.report(LinkReport("a", LinkState.LOST))
    inbox.report(LinkReport("b", LinkState.LOST))
    inbox.report(LinkReport("a", LinkState.CONNECTED))
    assert inbox.take(10, 0).reports == [LinkReport("b", LinkState.LOST), LinkReport("a", LinkState.CONNECTED)]


def test_dropped_messages_add_up() -> None:
    inbox = Inbox()
    inbox.dropped("a", 2)
    inbox.dropped("a", 3)
    assert inbox.take(10, 0).dropped == {"a": 5}
    assert not inbox.take(10, 0).has_traffic


def test_a_submission_is_never_split() -> None:
    inbox = Inbox()
    submission = Submission([arrival(1), arrival(2), arrival(3)], lambda error: None)
    assert inbox.submit(submission)
    assert inbox.take(1, 0).submissions == [submission]


def test_submissions_are_bounded() -> None:
    inbox = Inbox(capacity=1)
    assert inbox.submit(Submission([], lambda error: None))
    assert not inbox.submit(Submission([], lambda error: None))


def test_it_wakes_whoever_waits_for_work() -> None:
    inbox = Inbox()
    threading.Timer(0.05, lambda: inbox.call(lambda: None)).start()
    assert len(inbox.take(1, 10).calls) == 1
