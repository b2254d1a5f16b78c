"""The committer when something changes under its hands: a lease is lost, a port goes, the database is away."""

from __future__ import annotations

import logging
import random
import shutil
import string
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import DataError, OperationalError, connection
from django.db.backends.signals import connection_created

from bridges.announcing import Silence
from bridges.couriers import outbox
from bridges.couriers.courier import Courier
from bridges.pipeline.committer import Committer
from bridges.pipeline.handover import Handover
from bridges.pipeline.inbox import Inbox, Submission
from bridges.pipeline.patience import Stopped
from bridges.pipeline.snapshot import WriteAction
from bridges.pipeline.spool import Spool
from bridges.runtime.recollection import settled_among
from bridges.tests.test_committer import SourceDouble, fresh, wait_for
from bridges.tests.test_courier import LinkDouble
from bridges.tests.test_decisions import LINK, rule, snapshot
from telemetry.ids import new_id
from telemetry.links import LinkReport, LinkState
from telemetry.models import DeadLetter, Delivery, Lease, Message, UnreleasedPacket
from telemetry.recording.batch import Batch
from telemetry.recording.recorder import Recorded
from telemetry.values import Arrival, ArrivalKind, Outcome, Outgoing, Verdict

pytestmark = pytest.mark.django_db(transaction=True)

PRINTER = "device:printer"


class PortDouble(LinkDouble):
    """A serial link: gives everything back at once while its port is away."""

    def __init__(self, inbox: Inbox) -> None:
        super().__init__(PRINTER)
        self.inbox = inbox
        self.is_away = False

    def send(self, items: Sequence[Outgoing]) -> None:
        super().send(items)
        if self.is_away:
            self.inbox.conclude([Outcome(item.id, Verdict.RETURNED, "away") for item in items])


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def committer(inbox: Inbox) -> Iterator[Committer]:
    config = snapshot(rule(actions=[WriteAction(PRINTER)]))
    one = Committer("test", inbox=inbox, handover=Handover("me", Silence()), snapshot=config)
    one.sources[LINK] = SourceDouble()
    yield one
    if one.is_alive():
        assert one.stop(30)


def held_elsewhere(committer: Committer, key: str) -> None:
    Lease.objects.create(key=key, owner="another", token=9, expires_at=datetime.now(UTC))
    committer.tokens[key] = 8


def printing(committer: Committer, inbox: Inbox, *, token: int | None = None) -> tuple[Courier, PortDouble]:
    """A printer whose courier is caught up."""
    port = PortDouble(inbox)
    courier = Courier(port, is_write=True, token=token)
    committer.handover.add(courier, now=datetime.now(UTC), carries_marks=True)
    committer.sources[PRINTER] = SourceDouble(PRINTER)
    committer.start()
    inbox.report(LinkReport(PRINTER, LinkState.CONNECTED))
    wait_for(lambda: courier.is_open and not courier.is_behind)
    return courier, port


def states() -> list[str]:
    return [*Delivery.objects.order_by("id").values_list("state", flat=True)]


@pytest.mark.parametrize("state", [LinkState.LOST, LinkState.CONNECTED])
def test_a_write_begun_in_the_batch_that_tells_of_its_port_is_not_left_begun(
    committer: Committer, inbox: Inbox, state: LinkState
) -> None:
    _, port = printing(committer, inbox)
    port.is_away = state is LinkState.LOST

    def both() -> None:
        inbox.report(LinkReport(PRINTER, state, "news"))
        inbox.offer([fresh(1)])

    inbox.call(both)  # between two batches: so they come in one
    wait_for(lambda: port.sent)
    wait_for(lambda: states() == (["waiting"] if port.is_away else ["sending"]))


def test_a_write_whose_beginning_was_committed_without_an_answer_is_carried(
    committer: Committer, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, port = printing(committer, inbox)
    begin, failures = outbox.begin_writes, iter([True])

    def fragile(ids: Sequence[object], *, target: str, token: int | None) -> None:
        begin(ids, target=target, token=token)  # type: ignore[arg-type]
        if next(failures, False):
            raise OperationalError("the connection broke while it committed")

    monkeypatch.setattr(outbox, "begin_writes", fragile)
    inbox.offer([fresh(1), fresh(2)])
    wait_for(lambda: len(port.sent) == 1)
    inbox.conclude([Outcome(port.sent[0].id, Verdict.DELIVERED)])
    wait_for(lambda: len(port.sent) == 2)
    inbox.conclude([Outcome(port.sent[1].id, Verdict.DELIVERED)])
    wait_for(lambda: states() == ["delivered", "delivered"])


@pytest.mark.parametrize("count", [1, 2])
def test_no_write_is_begun_on_a_link_that_another_worker_holds(committer: Committer, inbox: Inbox, count: int) -> None:
    """The first is begun with its batch, the second out of the outbox."""
    _, port = printing(committer, inbox, token=8)
    if count == 1:
        held_elsewhere(committer, PRINTER)
        inbox.offer([fresh(1)])
    else:
        inbox.offer([fresh(1), fresh(2)])
        wait_for(lambda: port.sent)
        held_elsewhere(committer, PRINTER)
        inbox.conclude([Outcome(port.sent[0].id, Verdict.DELIVERED)])
    wait_for(lambda: PRINTER not in committer.handover.couriers)
    wait_for(lambda: states()[-1:] == ["waiting"])
    assert len(port.sent) == count - 1


def test_serial_input_of_a_lost_link_is_kept_for_nobody_can_ask_for_it_again(
    committer: Committer, inbox: Inbox
) -> None:
    committer.sources["device:scale"] = SourceDouble("device:scale")
    held_elsewhere(committer, "device:scale")
    lines = [fresh(n, link="device:scale", device="scale", topics=(), qos=0, id=new_id()) for n in (1, 2)]
    inbox.offer(lines[:1])
    committer.start()
    wait_for(lambda: "device:scale" not in committer.sources)
    inbox.offer(lines[1:])
    wait_for(lambda: Message.objects.filter(source="device:scale").count() == 2)


def test_a_release_is_not_recorded_for_a_link_that_another_worker_holds(committer: Committer, inbox: Inbox) -> None:
    held_elsewhere(committer, LINK)
    message = new_id()
    UnreleasedPacket.objects.create(link=LINK, packet_id=7, message_id=message)
    committer.memory.start_link(LINK, window=10, unreleased={7: message}, recent=[])
    inbox.offer([fresh(1, kind=ArrivalKind.RELEASE, qos=2, packet_id=7, is_resumed=True)])
    committer.start()
    wait_for(lambda: LINK not in committer.sources)
    assert UnreleasedPacket.objects.filter(link=LINK, packet_id=7).exists()


def test_a_report_that_no_text_column_takes_costs_no_outcome(committer: Committer, inbox: Inbox) -> None:
    _, port = printing(committer, inbox)
    inbox.offer([fresh(1)])
    wait_for(lambda: port.sent)

    def both() -> None:
        inbox.report(LinkReport(LINK, LinkState.LOST, "broken\x00 \ud800"))
        inbox.conclude([Outcome(port.sent[0].id, Verdict.DELIVERED)])

    inbox.call(both)
    wait_for(lambda: states() == ["delivered"])


def test_what_must_wait_for_the_inbox_does_not_wait_for_what_comes_later(committer: Committer, inbox: Inbox) -> None:
    has_run, has_ended = threading.Event(), threading.Event()

    def flood() -> None:
        sequence = 0
        while not has_ended.is_set():
            sequence += 1
            inbox.offer_and_wait([fresh(sequence, qos=0)], 0.1)

    thread = threading.Thread(target=flood)
    thread.start()
    try:
        wait_for(lambda: len(inbox) > 2 * committer._limit)
        committer.start()
        committer.after_inbox(has_run.set)
        assert has_run.wait(30)
        assert len(inbox), "the flood is too slow for this test"
    finally:
        has_ended.set()
        thread.join()


def test_an_idle_outage_is_told_of_once(
    committer: Committer, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    attempts: list[datetime] = []

    def away(now: datetime) -> list[object]:
        attempts.append(now)
        if len(attempts) < 4:
            raise OperationalError("gone")
        return []

    monkeypatch.setattr(outbox, "expire", away)
    with caplog.at_level(logging.INFO, "bridges.pipeline.patience"):
        committer.start()
        wait_for(lambda: len(attempts) == 4)
        wait_for(lambda: not committer.database_is_away)
    assert [record.getMessage() for record in caplog.records] == ["the database is away: gone", "the database is back"]


def test_a_standby_that_may_only_read_is_waited_for_and_nothing_is_buried(committer: Committer, inbox: Inbox) -> None:
    source = committer.sources[LINK]
    inbox.offer([fresh(1), fresh(2)])
    with read_only_database():
        committer.start()
        wait_for(lambda: committer.database_is_away)
    wait_for(lambda: len(source.acknowledged) == 2)  # type: ignore[attr-defined]
    assert (Message.objects.count(), DeadLetter.objects.count()) == (2, 0)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite indexes values of any size")
def test_a_value_that_no_index_takes_is_buried_and_the_rest_goes_on(committer: Committer, inbox: Inbox) -> None:
    source = committer.sources[LINK]
    name = "".join(random.Random(3).choices(string.ascii_letters, k=9000))
    inbox.offer([fresh(1), fresh(2, f'{{"{name}": 1}}'.encode()), fresh(3)])
    committer.start()
    wait_for(lambda: len(source.acknowledged) == 3)  # type: ignore[attr-defined]
    assert Message.objects.count() == 2
    assert "index" in DeadLetter.objects.get().reason
    assert not committer.database_is_away


SCALE = "device:scale"


def scale_line(sequence: int, payload: bytes = b"1.5 g") -> Arrival:
    return fresh(sequence, payload, link=SCALE, device="scale", topics=(), qos=0, id=new_id())


def test_an_outage_in_the_search_for_the_poison_leaves_nothing_unspooled(
    committer: Committer, inbox: Inbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the half that is still to come, either; and its web requests are told."""
    committer.spool = Spool(tmp_path / "spool")

    def refuse_and_go(batch: Batch) -> None:
        raise DataError("poison") if len(batch.messages) > 2 else OperationalError("gone")

    monkeypatch.setattr(committer._recorder, "record", refuse_and_go)
    answers: list[BaseException | None] = []
    for sequence in (1, 2):
        packet = fresh(sequence, link="packets", topics=(), qos=0, id=new_id())
        inbox.submit(Submission([packet], answers.append))
    lines = [scale_line(sequence) for sequence in range(1, 6)]
    inbox.offer(lines)
    committer.start()
    wait_for(lambda: committer.database_is_away)
    assert committer.stop(10)
    copied = shutil.copytree(tmp_path / "spool", tmp_path / "copy")  # the file itself is locked
    assert [arrival.id for arrival in Spool(copied).left_over()] == [line.id for line in lines]
    assert [type(answer) for answer in answers] == [Stopped, Stopped]


def test_a_spooled_line_that_was_buried_counts_as_settled(
    committer: Committer, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a crash between its burial and the spool's next word of it, it must not be buried again."""
    good, bad, new = scale_line(1), scale_line(2, b"poison"), scale_line(3)
    record = committer._recorder.record

    def refuse(batch: Batch) -> Recorded:
        if any(draft.payload == b"poison" for draft in batch.messages):
            raise DataError("no poison here")
        return record(batch)

    monkeypatch.setattr(committer._recorder, "record", refuse)
    committer.sources[SCALE] = source = SourceDouble(SCALE)
    inbox.offer([good, bad])
    committer.start()
    wait_for(lambda: len(source.acknowledged) == 2)
    assert DeadLetter.objects.count() == 1
    assert settled_among([line.id for line in (good, bad, new) if line.id]) == {good.id, bad.id}


@contextmanager
def read_only_database() -> Iterator[None]:
    """For connections that are made from now on."""
    if connection.vendor == "sqlite":
        before = connection_created.receivers[:]
        connection_created.connect(_only_read, weak=False)
        try:
            yield
        finally:
            connection_created.receivers[:] = before
            connection_created.sender_receivers_cache.clear()
        return
    name = connection.ops.quote_name(connection.settings_dict["NAME"])
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        try:
            yield
        finally:
            cursor.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")


def _only_read(connection: Any, **_: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = 1")
