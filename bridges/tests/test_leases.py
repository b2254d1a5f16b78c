"""Leases on a real database: one holder at a time, and a takeover only when it is safe."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from bridges.runtime.leases import Holder, Leases
from bridges.tests.link_host import wait_until
from telemetry.models import Lease
from telemetry.recording import postgresql
from telemetry.recording.batch import Batch
from telemetry.recording.recorder import Recorder

pytestmark = pytest.mark.django_db(transaction=True)

HERE = Holder.this_process("test")


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def elsewhere(pid: int = 1) -> Holder:
    return Holder("other/host", pid, 1)


def run_out(key: str) -> None:
    Lease.objects.filter(key=key).update(expires_at=datetime(2001, 1, 1, tzinfo=UTC))


def test_the_first_to_claim_holds_it() -> None:
    assert Leases(HERE).claim("broker:plant", is_sticky=False) == 1
    assert Leases(elsewhere()).claim("broker:plant", is_sticky=False) is None


def test_each_new_holder_has_a_higher_token() -> None:
    first = Leases(HERE)
    first.claim("broker:plant", is_sticky=False)
    first.release(["broker:plant"])
    assert Leases(elsewhere()).claim("broker:plant", is_sticky=False) == 2


def test_a_lease_that_ran_out_is_taken_over() -> None:
    Leases(elsewhere()).claim("broker:plant", is_sticky=False)
    run_out("broker:plant")
    assert Leases(HERE).claim("broker:plant", is_sticky=False) == 2


def test_a_sticky_lease_is_never_taken_from_another_host() -> None:
    Leases(elsewhere()).claim("device:scale", is_sticky=True)
    run_out("device:scale")
    assert Leases(HERE).claim("device:scale", is_sticky=True) is None
    assert Leases(elsewhere(pid=2)).claim("device:scale", is_sticky=True) == 2


def test_the_lease_of_a_dead_process_of_this_host_is_taken_at_once() -> None:
    dead = Holder(HERE.host, 2**22 - 1, 1)
    Leases(dead).claim("device:scale", is_sticky=True)
    assert Leases(HERE).claim("device:scale", is_sticky=True) == 2


def test_the_lease_of_a_living_process_of_this_host_is_not_taken() -> None:
    import psutil

    parent = os.getppid()
    alive = Holder(HERE.host, parent, int(psutil.Process(parent).create_time() * 100))
    Leases(alive).claim("device:scale", is_sticky=True)
    assert Leases(HERE).claim("device:scale", is_sticky=True) is None


def test_a_renewal_names_the_leases_that_were_lost() -> None:
    mine = Leases(HERE)
    mine.claim("broker:a", is_sticky=False)
    mine.claim("broker:b", is_sticky=False)
    run_out("broker:a")
    Leases(elsewhere()).claim("broker:a", is_sticky=False)
    assert mine.renew() == {"broker:a"}


def test_the_holder_counts_down_on_its_own_clock() -> None:
    clock = Clock()
    mine = Leases(HERE, term_s=15, clock=clock)
    mine.claim("broker:a", is_sticky=False)
    clock.now += 14.9
    assert mine.run_out() == frozenset()
    clock.now += 0.1
    assert mine.run_out() == {"broker:a"}


def test_a_renewal_starts_the_count_anew() -> None:
    clock = Clock()
    mine = Leases(HERE, term_s=15, clock=clock)
    mine.claim("broker:a", is_sticky=False)
    clock.now += 10
    mine.renew()
    clock.now += 10
    assert mine.run_out() == frozenset()


def test_a_holder_survives_being_written_down() -> None:
    assert Holder.parse(str(HERE)) == HERE
    assert Holder.parse("") is None


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
@pytest.mark.parametrize("what", ["renew", "release", "commit"])
def test_leases_are_locked_in_one_order_by_all(what: str) -> None:
    """While "a" is locked by somebody else, whoever wants both has not locked "b" yet."""
    mine = Leases(HERE)
    tokens = {key: mine.claim(key, is_sticky=False) or 0 for key in ("b", "a")}  # in this order in the table
    does: dict[str, Callable[[], object]] = {
        "renew": mine.renew,
        "release": lambda: mine.release(["b", "a"]),
        "commit": lambda: Recorder("test").record(Batch(at=datetime.now(UTC), tokens=tokens)),
    }

    def both() -> None:
        does[what]()
        connection.close()

    thread = threading.Thread(target=both)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM telemetry_lease WHERE key = 'a' FOR UPDATE")
        thread.start()
        wait_until(lambda: is_somebody_waiting(cursor))
        cursor.execute("SELECT 1 FROM telemetry_lease WHERE key = 'b' FOR UPDATE NOWAIT")
    thread.join(10)
    assert not thread.is_alive()


def is_somebody_waiting(cursor: Any) -> bool:
    cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
    return cursor.fetchone() is not None


@pytest.mark.database("postgresql")
@pytest.mark.parametrize("what", ["renew", "release"])
def test_a_holder_that_freezes_in_the_middle_of_a_change_keeps_nobody_out(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = Leases(HERE)
    mine.claim("broker:plant", is_sticky=False)
    lock = mine._lock

    def lock_and_freeze(keys: Iterable[str]) -> dict[str, int]:
        held = lock(keys)
        other = threading.Thread(target=take)
        other.start()
        other.join(20)
        assert not other.is_alive(), "the lease is still locked"
        return held

    def take() -> None:
        Lease.objects.filter(key="broker:plant").update(owner=str(elsewhere()), token=2)
        connection.close()

    monkeypatch.setattr(postgresql, "STANDSTILL_MS", 100)
    monkeypatch.setattr(mine, "_lock", lock_and_freeze)
    with pytest.raises(OperationalError):
        mine.renew() if what == "renew" else mine.release(["broker:plant"])
    assert Lease.objects.get().owner == str(elsewhere())
