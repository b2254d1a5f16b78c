"""The committer on a real database: acknowledge after the commit, poison found and buried, hand-over in order."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection

from bridges.announcing import Silence
from bridges.couriers.courier import Courier
from bridges.pipeline.committer import Committer, DataRefused
from bridges.pipeline.handover import Handover
from bridges.pipeline.inbox import Inbox, Submission, Work
from bridges.pipeline.portions import Portion
from bridges.pipeline.snapshot import InTopic
from bridges.pipeline.spool import Spool
from bridges.tests.test_courier import LinkDouble
from bridges.tests.test_decisions import LINK, CountingDouble, arrival, publish, rule, snapshot
from telemetry.ids import new_id
from telemetry.links import LinkReport, LinkState
from telemetry.models import CodecState, DeadLetter, Delivery, Lease, LedgerEntry, LinkStatus, Message
from telemetry.recording.batch import IdempotencyDraft
from telemetry.recording.faults import KeyInUse
from telemetry.values import Arrival, Decoded, Json, Outcome, Verdict

pytestmark = pytest.mark.django_db(transaction=True)

POISON = b'{"id": "\\ud800"}'  # a lone surrogate in the device's name: no database takes it


class SourceDouble(LinkDouble):
    """Keeps what it was told to acknowledge, and whether it was in the database by then."""

    def __init__(self, key: str = LINK) -> None:
        super().__init__(key)
        self.acknowledged: list[Arrival] = []
        self.were_committed: list[bool] = []

    def acknowledge(self, arrivals: Sequence[Arrival]) -> None:
        self.acknowledged += arrivals
        self.were_committed.append(Message.objects.count() + DeadLetter.objects.count() >= len(self.acknowledged))


def wait_for(condition: Callable[[], object], *, limit_s: float = 10.0) -> None:
    """Wait until it holds; fails after the limit."""
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        threading.Event().wait(0.01)


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def source() -> SourceDouble:
    return SourceDouble()


@pytest.fixture
def committer(inbox: Inbox, source: SourceDouble, tmp_path: Path) -> Iterator[Committer]:
    one = Committer(
        "test",
        inbox=inbox,
        handover=Handover("me", Silence()),
        spool=Spool(tmp_path / "spool"),
        snapshot=snapshot(rule(actions=[publish("out")])),
    )
    one.sources[LINK] = source
    yield one
    if one.is_alive():
        assert one.stop(10)


def fresh(sequence: int, payload: Any = None, **fields: Any) -> Arrival:
    return arrival(payload, sequence=sequence, **fields)


def test_it_acknowledges_in_order_and_only_after_the_commit(
    committer: Committer, inbox: Inbox, source: SourceDouble
) -> None:
    committer.start()
    for sequence in range(1, 31):
        inbox.offer([fresh(sequence)])
    wait_for(lambda: len(source.acknowledged) == 30)
    assert [a.sequence for a in source.acknowledged] == list(range(1, 31))
    assert all(source.were_committed)


def test_a_poison_message_is_buried_with_its_bytes_and_the_others_are_stored(
    committer: Committer, inbox: Inbox, source: SourceDouble
) -> None:
    inbox.offer([fresh(n, POISON if n in (3, 8) else None) for n in range(1, 11)])
    committer.start()
    wait_for(lambda: len(source.acknowledged) == 10)
    assert [a.sequence for a in source.acknowledged] == list(range(1, 11))
    assert Message.objects.count() == 8
    assert [bytes(letter.payload) for letter in DeadLetter.objects.all()] == [POISON, POISON]
    entry = LedgerEntry.objects.get(link=LINK)
    assert (entry.received, entry.stored, entry.dead) == (10, 8, 2)


def test_what_the_database_refuses_of_a_web_request_is_told_to_it_alone(committer: Committer, inbox: Inbox) -> None:
    answers: dict[str, BaseException | None] = {}

    def submission(name: str, payload: bytes | None) -> Submission:
        packet = fresh(1, payload, link="packets", topics=(), qos=0, id=new_id())
        return Submission([packet], lambda error: answers.__setitem__(name, error))

    for name, payload in (("good", None), ("bad", POISON), ("fine", None)):
        assert inbox.submit(submission(name, payload))
    committer.start()
    wait_for(lambda: len(answers) == 3)
    assert (answers["good"], answers["fine"]) == (None, None)
    assert isinstance(answers["bad"], DataRefused)
    assert Message.objects.count() == 2
    assert not DeadLetter.objects.exists()


def test_a_second_use_of_an_idempotency_key_commits_nothing(committer: Committer, inbox: Inbox) -> None:
    answers: list[BaseException | None] = []
    key = IdempotencyDraft("me", "k", "d", "[]", datetime.now(UTC))
    for _ in range(2):
        packet = fresh(1, link="packets", topics=(), qos=0, id=new_id())
        inbox.submit(Submission([packet], answers.append, key))
        if not committer.is_alive():
            committer.start()
        wait_for(lambda: answers)
    wait_for(lambda: len(answers) == 2)
    assert answers[0] is None
    assert isinstance(answers[1], KeyInUse)
    assert Message.objects.count() == 1


def test_a_link_held_by_another_worker_commits_nothing_and_the_others_do(
    inbox: Inbox, committer: Committer, source: SourceDouble
) -> None:
    lost: list[frozenset[str]] = []
    committer._on_lease_lost = lost.append
    other = SourceDouble("broker:other")
    committer.sources[other.key] = other
    Lease.objects.create(key=LINK, owner="another", token=9, expires_at=datetime.now(UTC))
    committer.tokens[LINK] = 8
    inbox.offer([fresh(1), fresh(1, link=other.key)])
    committer.start()
    wait_for(lambda: other.acknowledged)
    assert (source.acknowledged, lost) == ([], [frozenset([LINK])])
    assert [m.source for m in Message.objects.all()] == [other.key]


def test_a_delivery_goes_to_the_courier_after_its_commit_and_is_settled(committer: Committer, inbox: Inbox) -> None:
    target = LinkDouble("broker:central", window=10)
    courier = Courier(target, is_write=False)
    committer.handover.add(courier, now=datetime.now(UTC), carries_marks=True)
    committer.start()
    inbox.report(LinkReport(target.key, LinkState.CONNECTED))
    wait_for(lambda: not courier.is_behind)
    inbox.offer([fresh(1), fresh(2)])
    wait_for(lambda: len(target.sent) == 2)
    assert [dict(item.properties)["id"] for item in target.sent] == [str(item.id) for item in target.sent]
    inbox.conclude([Outcome(item.id, Verdict.DELIVERED) for item in target.sent])
    wait_for(lambda: Delivery.objects.filter(state="delivered").count() == 2)
    wait_for(lambda: not courier.held)


def test_waiting_deliveries_are_read_in_order_when_a_link_comes_up(committer: Committer, inbox: Inbox) -> None:
    committer.start()
    inbox.offer([fresh(n) for n in range(1, 8)])
    wait_for(lambda: Delivery.objects.count() == 7)
    target = LinkDouble("broker:central", window=4)
    courier = Courier(target, is_write=False)
    inbox.call(lambda: committer.handover.add(courier, now=datetime.now(UTC), carries_marks=True))
    wait_for(lambda: committer.handover.couriers)
    inbox.report(LinkReport(target.key, LinkState.CONNECTED))
    wait_for(lambda: len(target.sent) == 4)
    inbox.conclude([Outcome(item.id, Verdict.DELIVERED) for item in target.sent])
    wait_for(lambda: len(target.sent) == 7)
    assert [item.id for item in target.sent] == sorted(item.id for item in target.sent)


def test_a_broken_connection_is_waited_for_and_nothing_is_stored_twice(
    committer: Committer, inbox: Inbox, source: SourceDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection breaks once before the commit and once after it, when the outcome is open."""
    record, failures = committer._recorder.record, iter(["before", "after"])

    def fragile(batch: Any) -> Any:
        when = next(failures, None)
        if when == "before":
            raise OperationalError("the connection is gone")
        recorded = record(batch)
        if when == "after":
            raise OperationalError("the connection is gone")
        return recorded

    monkeypatch.setattr(committer._recorder, "record", fragile)
    inbox.offer([fresh(1), fresh(2)])
    committer.start()
    wait_for(lambda: len(source.acknowledged) == 2)
    assert Message.objects.count() == 2
    assert LedgerEntry.objects.get(link=LINK).stored == 2


def test_serial_input_is_spooled_while_the_database_is_away(
    committer: Committer, inbox: Inbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scale = SourceDouble("device:scale")
    committer.sources[scale.key] = scale
    record, is_away = committer._recorder.record, threading.Event()
    is_away.set()

    def away(batch: Any) -> Any:
        if is_away.is_set():
            raise OperationalError("gone")
        return record(batch)

    monkeypatch.setattr(committer._recorder, "record", away)
    line = fresh(1, b'{"w": 1}', link=scale.key, device="scale", topics=(), qos=0, id=new_id())
    inbox.offer([line])
    committer.start()
    wait_for(lambda: [file for file in (tmp_path / "spool").glob("*") if file.read_bytes().endswith(b"\n")])
    copied = shutil.copytree(tmp_path / "spool", tmp_path / "copy")  # the file itself is locked
    (kept,) = Spool(copied).left_over()
    assert (kept.id, kept.payload, kept.link) == (line.id, line.payload, scale.key)
    is_away.clear()
    wait_for(lambda: scale.acknowledged)
    wait_for(lambda: not [*(tmp_path / "spool").iterdir()])


def test_states_of_links_are_written(committer: Committer, inbox: Inbox) -> None:
    committer.start()
    inbox.report(LinkReport(LINK, LinkState.REFUSED, "wrong password"))
    wait_for(lambda: LinkStatus.objects.filter(state="refused", last_error="wrong password").exists())


def test_what_must_wait_for_the_inbox_runs_after_its_commit(
    committer: Committer, inbox: Inbox, source: SourceDouble
) -> None:
    inbox.offer([fresh(n) for n in range(1, 600)])
    seen: list[int] = []
    committer.after_inbox(lambda: seen.append(len(source.acknowledged)))
    committer.start()
    wait_for(lambda: seen)
    assert seen == [599]


def test_stop_commits_what_is_in_the_inbox(committer: Committer, inbox: Inbox, source: SourceDouble) -> None:
    inbox.offer([fresh(n) for n in range(1, 600)])
    committer.start()
    assert committer.stop(10)
    assert len(source.acknowledged) == 599
    connection.close()


def held_up(committer: Committer, *names: str) -> None:
    """Topics whose codec waits for the rest of something."""
    codec = CountingDouble()
    committer.use(replace(committer.snapshot, topics={name: InTopic(name, codec, link=LINK) for name in names}))
    committer.memory.codec_states.update(dict.fromkeys(names, 1))


def test_what_a_codec_holds_too_long_is_given_out(committer: Committer) -> None:
    held_up(committer, "in")
    committer.start()
    wait_for(Message.objects.exists)
    message = Message.objects.get()
    assert (message.source, bytes(message.payload)) == (LINK, b'{"late":1}')
    assert bytes(CodecState.objects.get(topic_name="in").state) == b"0"
    assert not LinkStatus.objects.filter(last_message_at__isnull=False).exists()


def test_only_the_holder_of_a_link_gives_out_what_its_codecs_hold(committer: Committer, inbox: Inbox) -> None:
    held_up(committer, "in")
    Lease.objects.create(key=LINK, owner="another", token=8, expires_at=datetime.now(UTC))
    committer.tokens[LINK] = 7
    committer.start()
    wait_for(lambda: LINK not in committer.sources)
    assert not Message.objects.exists()


def test_of_what_codecs_hold_only_the_poison_is_buried(committer: Committer) -> None:
    class Poisonous(CountingDouble):
        def flush(self, state: Json, now: datetime) -> tuple[Json, Sequence[Decoded]]:
            return 0, [Decoded({"late": state}, device="\ud800")] if state else []

    held_up(committer, "a", "bad", "c")
    topics = {**committer.snapshot.topics, "bad": InTopic("bad", Poisonous(), link=LINK)}
    committer.use(replace(committer.snapshot, topics=topics))
    committer.start()
    wait_for(lambda: Message.objects.count() == 2 and DeadLetter.objects.exists())
    assert bytes(DeadLetter.objects.get().payload) == b'{"late":1}'
    assert {row.topic_name: bytes(row.state) for row in CodecState.objects.all()} == {"a": b"0", "bad": b"0", "c": b"0"}


def test_a_portion_is_split_in_order_and_never_loses_a_part() -> None:
    submissions = [Submission([], lambda error: None) for _ in range(3)]
    whole = Portion([fresh(n) for n in range(5)], submissions, Work())
    parts, pending = [], [whole]
    while pending:
        one = pending.pop(0)
        if one.is_splittable:
            pending = [*one.halves(), *pending]
        else:
            parts.append(one)
    assert sum(part.rest is not None for part in parts) == 1
    assert [s for part in parts for s in part.submissions] == submissions
    assert [a.sequence for part in parts for a in part.arrivals] == list(range(5))
