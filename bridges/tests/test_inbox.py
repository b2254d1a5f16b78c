"""The inbox between links and committer: bounds, order, and who waits for whom."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from bridges.pipeline.inbox import COMPANY_S, Inbox
from telemetry.values import Arrival, Outcome, Verdict

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LONG_S = 30.0


def arrival(sequence: int, payload: bytes = b"1") -> Arrival:
    return Arrival(link="broker:plant", payload=payload, received_at=NOW, sequence=sequence)


def outcomes(count: int) -> list[Outcome]:
    return [Outcome(uuid4(), Verdict.DELIVERED) for _ in range(count)]


def test_it_takes_what_there_is_room_for_by_number_and_by_bytes() -> None:
    assert Inbox(capacity=2).offer([arrival(n) for n in range(3)]) == 2
    assert Inbox(capacity_bytes=5).offer([arrival(n, b"1234") for n in range(3)]) == 2


def test_a_batch_is_what_came_in_order_up_to_the_limit() -> None:
    inbox = Inbox()
    inbox.offer([arrival(n) for n in range(5)])
    assert [one.sequence for one in inbox.take(3, LONG_S).arrivals] == [0, 1, 2]
    assert [one.sequence for one in inbox.take(3, LONG_S).arrivals] == [3, 4]


def test_an_arrival_waits_for_nothing() -> None:
    inbox = Inbox()
    inbox.offer([arrival(1)])
    began = time.monotonic()
    inbox.take(10, LONG_S)
    assert time.monotonic() - began < LONG_S / 2


def test_outcomes_alone_are_taken_after_a_moment() -> None:
    inbox = Inbox()
    inbox.conclude(outcomes(1))
    began = time.monotonic()
    assert len(inbox.take(10, LONG_S).outcomes) == 1
    assert COMPANY_S * 0.9 <= time.monotonic() - began < LONG_S / 2


def test_outcomes_go_with_an_arrival_that_comes_within_that_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridges.pipeline.inbox.COMPANY_S", LONG_S)
    inbox = Inbox()
    inbox.conclude(outcomes(1))
    threading.Timer(0.01, inbox.offer, [[arrival(1)]]).start()
    work = inbox.take(10, LONG_S)
    assert (len(work.outcomes), len(work.arrivals)) == (1, 1)


def test_a_crowd_of_outcomes_and_a_committer_in_a_hurry_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridges.pipeline.inbox.COMPANY_S", LONG_S)
    inbox = Inbox()
    inbox.conclude(outcomes(100))
    assert len(inbox.take(10, LONG_S).outcomes) == 100
    inbox.conclude(outcomes(1))
    assert len(inbox.take(10, 0).outcomes) == 1
