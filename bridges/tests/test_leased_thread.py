"""Threads under leases: one worker at a time, nothing but `stop` ends a watch, and the lease is free afterwards."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError

from bridges.runtime.leased_thread import LeasedThread, SoleWatch
from bridges.runtime.leases import Holder, Leases
from bridges.tests.link_host import wait_until
from telemetry.models import Lease
from telemetry.recording.faults import LeaseLost

pytestmark = pytest.mark.django_db(transaction=True)


class Watch(SoleWatch):
    """Notes when it looked and rested, and does what it is told at each look."""

    lease = "watching"

    def __init__(
        self, pid: int = 1, what: Callable[[int], None] = lambda count: None, *, every_s: float = 0.02
    ) -> None:
        super().__init__("a-watch", Leases(Holder("here/test", pid, 1)), every_s=every_s)
        self.looks = self.rests = 0
        self._what = what

    def look(self, now: datetime) -> None:
        self.looks += 1
        self._what(self.looks)

    def rest(self) -> None:
        self.rests += 1


def held_for_long(owner: str) -> None:
    """As if the other worker lived on this host: what it holds is neither free, nor run out, nor orphaned."""
    later = datetime.now(UTC) + timedelta(hours=1)
    Lease.objects.update_or_create(key="watching", defaults={"owner": owner, "expires_at": later})


def test_one_worker_looks_and_the_other_rests_until_the_first_one_ends() -> None:
    first, second = Watch(1, every_s=3600), Watch(2)
    first.work()
    held_for_long("elsewhere/test:1:1")
    second.work()
    assert (first.looks, second.looks, second.rests) == (1, 0, 1)

    held_for_long("here/test:1:1")
    first.start()
    assert first.stop(5)
    assert Lease.objects.get(key="watching").owner == ""
    second.work()
    assert (second.looks, second.rests) == (1, 1)


@pytest.mark.parametrize("fault", [RuntimeError("nobody foresaw this"), OperationalError("the database is away")])
def test_a_look_that_fails_is_followed_by_the_next(fault: Exception) -> None:
    def fail_at_first(count: int) -> None:
        if count == 1:
            raise fault

    watch = Watch(what=fail_at_first)
    watch.start()
    wait_until(lambda: watch.looks > 1)
    assert watch.stop(5)


def test_a_watch_whose_lease_was_taken_while_it_looked_asks_for_it_anew() -> None:
    def lose(count: int) -> None:
        held_for_long("elsewhere/test:1:1")
        raise LeaseLost(frozenset(["watching"]))

    watch = Watch(what=lose)
    watch.work()
    watch.work()
    assert (watch.looks, watch.rests) == (1, 1)


def test_a_thread_that_may_fail_ends_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    class Frail(LeasedThread):
        def work(self) -> float:
            raise RuntimeError("broken")

    frail = Frail("frail", Leases(Holder("here/test", 1, 1)))
    with pytest.raises(RuntimeError):
        frail.run()
    assert "the frail failed" in caplog.text


def test_one_that_never_began_is_stopped_at_once() -> None:
    assert Watch().stop(0)
