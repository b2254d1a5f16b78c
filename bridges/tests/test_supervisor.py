"""The supervisor and the committer together: a link is never let go of in its next life."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection

from bridges.announcing import Silence
from bridges.pipeline.committer import Committer
from bridges.pipeline.handover import Handover
from bridges.pipeline.inbox import Inbox
from bridges.pipeline.snapshot import Snapshot
from bridges.runtime.host import WorkerHost
from bridges.runtime.leases import Holder, Leases
from bridges.runtime.supervisor import Supervisor
from bridges.runtime.wanted_link import WantedLink
from bridges.tests.test_committer import SourceDouble, fresh, wait_for
from telemetry.models import ConfigurationVersion, LedgerEntry
from telemetry.recording.batch import Batch
from telemetry.recording.recorder import Recorded

pytestmark = pytest.mark.django_db(transaction=True)

KEY = "broker:plant"


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def committer(inbox: Inbox) -> Iterator[Committer]:
    one = Committer(
        "test",
        inbox=inbox,
        handover=Handover("me", Silence()),
        snapshot=Snapshot(version=0, instance="me"),
    )
    yield one
    if one.is_alive():
        assert one.stop(10)


@pytest.fixture
def supervisor(committer: Committer, inbox: Inbox) -> Iterator[Supervisor]:
    """One whose ticks the test makes itself."""
    leases = Leases(Holder.this_process("test"))
    one = Supervisor("main", leases=leases, committer=committer, host=WorkerHost(inbox))
    one._wanted = {
        KEY: WantedLink(
            key=KEY,
            settings=None,
            subscriptions=(),
            build=lambda host: SourceDouble(KEY),
            is_serial=False,
            is_sticky=False,
        )
    }
    yield one
    connection.close()


def test_a_link_that_ended_in_an_outage_is_not_let_go_of_in_its_next_life(
    supervisor: Supervisor, committer: Committer, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, is_away = committer._recorder.record, threading.Event()

    def fragile(batch: Batch) -> Recorded:
        if is_away.is_set():
            raise OperationalError("gone")
        return record(batch)

    monkeypatch.setattr(committer._recorder, "record", fragile)
    committer.start()
    supervisor._claim()
    is_away.set()
    inbox.offer([fresh(number) for number in range(1, 5 * committer._limit)])
    wait_for(lambda: committer.database_is_away)
    supervisor._stop_links(frozenset([KEY]), "the lease ran out")
    threading.Timer(0.5, is_away.clear).start()

    def is_claimed() -> bool:
        supervisor._claim()
        return KEY in supervisor.held

    wait_for(is_claimed)
    is_over = threading.Event()
    committer.after_inbox(is_over.set)
    wait_for(lambda: is_over.is_set() and not len(inbox))
    assert committer.sources.get(KEY) is supervisor.held[KEY].link
    assert LedgerEntry.objects.get(link=KEY).received == 5 * committer._limit - 1


def test_a_link_lost_while_another_one_stops_is_stopped_too(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped: list[frozenset[str]] = []

    def stop(keys: frozenset[str], *_: object, **__: object) -> None:
        stopped.append(keys)
        if len(stopped) == 1:
            supervisor.lose(frozenset(["broker:other"]))

    monkeypatch.setattr(supervisor, "_stop_links", stop)
    supervisor.lose(frozenset([KEY]))
    supervisor._stop_lost()
    supervisor._stop_lost()
    assert stopped == [{KEY}, {"broker:other"}]


def test_a_link_that_writes_to_a_device_itself_waits_until_the_same_worker_holds_that(
    supervisor: Supervisor, committer: Committer
) -> None:
    committer.start()
    supervisor._wanted[KEY] = dataclasses.replace(supervisor._wanted[KEY], needs=frozenset(["device:printer"]))
    supervisor._claim()
    assert not supervisor.held
    supervisor._wanted["device:printer"] = WantedLink(
        key="device:printer",
        settings=None,
        subscriptions=(),
        build=lambda host: SourceDouble("device:printer"),
        is_serial=True,
        is_sticky=False,
    )
    supervisor._claim()
    supervisor._claim()
    assert supervisor.held.keys() == {KEY, "device:printer"}


def test_it_is_given_up_when_the_worker_does_not_hold_such_a_device_any_more(
    supervisor: Supervisor, committer: Committer
) -> None:
    committer.start()
    supervisor._version = ConfigurationVersion.current()
    supervisor._claim()
    supervisor._wanted[KEY] = dataclasses.replace(supervisor._wanted[KEY], needs=frozenset(["device:printer"]))
    supervisor.held[KEY].wanted = supervisor._wanted[KEY]
    supervisor._tick()
    assert not supervisor.held
    assert Leases(Holder("elsewhere", 1, 1)).claim(KEY, is_sticky=False)


def test_a_transit_link_gets_no_courier(supervisor: Supervisor, committer: Committer) -> None:
    committer.start()
    supervisor._wanted[KEY] = dataclasses.replace(supervisor._wanted[KEY], is_transit=True)
    supervisor._claim()
    assert KEY in committer.sources
    assert KEY not in committer.handover.couriers
