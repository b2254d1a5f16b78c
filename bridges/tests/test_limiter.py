"""Limits of targets on a real database: what is beyond the number is dropped, named and booked; never what is held."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bridges.announcing import Silence
from bridges.couriers.courier import Courier
from bridges.couriers.limiter import Limiter
from bridges.couriers.pace import TargetLimit
from bridges.models import Broker
from bridges.pipeline.committer import Committer
from bridges.pipeline.compilation import compile_snapshot
from bridges.pipeline.handover import Handover
from bridges.pipeline.inbox import Inbox
from bridges.pipeline.snapshot import Snapshot
from bridges.tests.test_committer import wait_for
from bridges.tests.test_courier import LinkDouble, draft, open_courier
from devices.models import Device
from telemetry.ids import new_id, time_of
from telemetry.links import LinkReport, LinkState
from telemetry.models import Delivery, Lease, LedgerEntry
from telemetry.recording.batch import hour_of
from telemetry.values import Outcome, Verdict

pytestmark = pytest.mark.django_db(transaction=True)

TARGET = "broker:plant"


def now() -> datetime:
    return datetime.now(UTC)


def put(count: int, target: str = TARGET) -> list[UUID]:
    """So many waiting Deliveries, counted as created."""
    ids = [new_id() for _ in range(count)]
    for found in ids:
        Delivery.objects.create(
            id=found, created_at=time_of(found), source="packets", kind="publish", target=target,
            address="out", payload=b"x", qos=1,
        )  # fmt: skip
    LedgerEntry.objects.create(link=target, hour=hour_of(time_of(ids[0])), created=count)
    return ids


def waiting(target: str = TARGET) -> list[UUID]:
    return list(Delivery.objects.filter(target=target, state="waiting").order_by("id").values_list("id", flat=True))


def limiter_of(courier: Courier | None, *, drops: str, most: int = 3) -> Limiter:
    limiter = Limiter({courier.target: courier} if courier else {})
    limiter.obey({TARGET: TargetLimit(None, most, drops)})
    return limiter


@pytest.mark.parametrize(("drops", "kept"), [("oldest", slice(-3, None)), ("newest", slice(0, 3))])
def test_what_is_beyond_the_number_is_dropped_by_the_policy(drops: str, kept: slice) -> None:
    ids = put(8)
    dropped = limiter_of(None, drops=drops).serve(now())
    assert waiting() == ids[kept]
    assert len(dropped) == 5


def test_what_is_dropped_is_kept_with_its_reason_and_booked() -> None:
    put(5)
    limiter_of(None, drops="oldest").serve(now())
    rows = Delivery.objects.filter(state="expired")
    assert {row.reason for row in rows} == {"dropped: more than 3 waiting"}
    assert all(row.done_at is not None and bytes(row.payload) == b"x" for row in rows)
    entry = LedgerEntry.objects.get(link=TARGET)
    assert (entry.created, entry.expired) == (5, 2)


def test_what_a_courier_holds_is_not_dropped() -> None:
    ids = put(8)
    courier = open_courier(window=2, is_caught_up=False)
    courier.held = {found: draft() for found in ids[:2]}
    limiter_of(courier, drops="oldest").serve(now())
    assert waiting() == [*ids[:2], *ids[-3:]]


def test_the_newest_are_dropped_beyond_those_that_are_held() -> None:
    ids = put(8)
    courier = open_courier(window=2, is_caught_up=False)
    courier.held = {found: draft() for found in ids[:2]}
    limiter_of(courier, drops="newest").serve(now())
    assert waiting() == ids[:5]


def test_a_courier_that_is_caught_up_is_left_alone() -> None:
    ids = put(5)
    limiter_of(open_courier(), drops="oldest").serve(now())
    assert waiting() == ids


def test_a_target_that_another_worker_holds_is_left_to_that_worker() -> None:
    ids = put(5)
    Lease.objects.create(key=TARGET, owner="elsewhere:1:1", expires_at=now() + timedelta(seconds=60))
    limiter_of(None, drops="oldest").serve(now())
    assert waiting() == ids


def test_a_target_whose_worker_is_gone_is_looked_after() -> None:
    put(5)
    Lease.objects.create(key=TARGET, owner="elsewhere:1:1", expires_at=now() - timedelta(seconds=60))
    limiter_of(None, drops="oldest").serve(now())
    assert len(waiting()) == 3


def test_without_a_limit_nothing_is_dropped_and_nothing_is_asked() -> None:
    put(5)
    limiter = Limiter({})
    limiter.obey({TARGET: TargetLimit(5.0)})
    with CaptureQueriesContext(connection) as asked:
        assert limiter.serve(now()) == []
    assert len(asked) == 0
    assert len(waiting()) == 5


def test_it_looks_once_a_second_and_at_once_when_a_courier_is_new() -> None:
    limiter = limiter_of(None, drops="oldest")
    limiter.serve(now())
    put(5)
    assert limiter.serve(now()) == []
    limiter.greet(Courier(LinkDouble("broker:other"), is_write=False))
    assert len(limiter.serve(now())) == 2


def test_limits_are_taken_from_the_rows_of_targets() -> None:
    Broker.objects.create(name="plant", host="h", max_waiting=7, drop_policy="newest")
    Broker.objects.create(name="free", host="h", drain_rate=0)
    Device.objects.create(name="printer", driver="escpos", port="/dev/ttyX", drain_rate=0.5)
    assert compile_snapshot().limits == {
        "broker:plant": TargetLimit(None, 7, "newest"),
        "device:printer": TargetLimit(0.5, None, ""),
    }


class AnsweringLink(LinkDouble):
    """A link that takes everything at once, and the times of that."""

    def __init__(self, inbox: Inbox) -> None:
        super().__init__(TARGET, window=100)
        self.inbox = inbox
        self.times: list[float] = []

    def send(self, items: object) -> None:
        super().send(items)  # type: ignore[arg-type]
        self.times += [time.monotonic()] * len(items)  # type: ignore[arg-type]
        self.inbox.conclude([Outcome(item.id, Verdict.DELIVERED) for item in items])  # type: ignore[attr-defined]


@pytest.fixture
def committer() -> Iterator[Committer]:
    one = Committer("test", inbox=Inbox(), handover=Handover("me", Silence()), snapshot=Snapshot(1, "me"))
    yield one
    if one.is_alive():
        assert one.stop(10)


def start(committer: Committer, link: AnsweringLink) -> None:
    def attach() -> None:
        committer.handover.add(Courier(link, is_write=False), now=now(), carries_marks=True)
        committer.sources[TARGET] = link
        committer.inbox.report(LinkReport(TARGET, LinkState.CONNECTED))

    committer.inbox.call(attach)
    committer.start()


def test_after_an_outage_a_target_gets_its_messages_in_order_and_at_its_pace(committer: Committer) -> None:
    ids = put(24)
    committer.use(Snapshot(2, "me", limits={TARGET: TargetLimit(40.0)}))  # four at once
    link = AnsweringLink(committer.inbox)
    start(committer, link)
    wait_for(lambda: len(link.sent) == 24)
    assert [item.id for item in link.sent] == ids
    assert 0.4 <= link.times[-1] - link.times[0] <= 3.0
    wait_for(lambda: LedgerEntry.objects.get(link=TARGET).delivered == 24)


def test_a_pace_that_is_taken_away_is_obeyed_at_once(committer: Committer) -> None:
    put(10)
    committer.use(Snapshot(2, "me", limits={TARGET: TargetLimit(0.01)}))
    link = AnsweringLink(committer.inbox)
    start(committer, link)
    wait_for(lambda: len(link.sent) == 1)
    committer.use(Snapshot(3, "me"))
    wait_for(lambda: len(link.sent) == 10)


def test_what_is_too_much_is_gone_before_a_new_courier_carries_anything(committer: Committer) -> None:
    ids = put(9)
    committer.use(Snapshot(2, "me", limits={TARGET: TargetLimit(None, 4, "oldest")}))
    link = AnsweringLink(committer.inbox)
    start(committer, link)
    wait_for(lambda: len(link.sent) == 4)
    assert [item.id for item in link.sent] == ids[-4:]
