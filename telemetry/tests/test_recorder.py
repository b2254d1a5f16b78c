"""The recorder on a real database: what a batch writes, and what undoes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Thread
from uuid import UUID

import pytest
from django.db import DatabaseError, OperationalError, connection, connections

from telemetry.ids import lowest_id, new_id, time_of
from telemetry.links import LinkReport, LinkState
from telemetry.models import (
    CodecState,
    DeadLetter,
    Delivery,
    IdempotencyKey,
    LatestReading,
    Lease,
    LedgerEntry,
    LinkStatus,
    Message,
    RuleCount,
    StoredReading,
    UnreleasedPacket,
)
from telemetry.partitions import make_partitions
from telemetry.recording import postgresql, recorder
from telemetry.recording.batch import (
    Batch,
    DeadLetterDraft,
    DeliveryDraft,
    IdempotencyDraft,
    LedgerKey,
    MessageDraft,
    ReadingDraft,
    hour_of,
)
from telemetry.recording.faults import KeyInUse, LeaseLost
from telemetry.recording.outcomes import MAX_DISCONNECTS, Concluded, book, update_deliveries
from telemetry.recording.recorder import Recorder
from telemetry.recording.statements import Script
from telemetry.values import Outcome, Verdict

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def message(*, payload: bytes = b'{"a": 1}', topic: str = "t/1", decoded: str | None = '{"a": 1}') -> MessageDraft:
    return MessageDraft(
        new_id(), NOW, "broker:plant", "message", topic, "in", "scale", None, payload, decoded, 1, False, 7, None, ""
    )


def reading(of: UUID, value: float, metric: str = "weight") -> ReadingDraft:
    return ReadingDraft(new_id(), of, "scale", metric, value, "g", NOW)


def delivery(*, target: str = "broker:plant", state: str = "waiting") -> DeliveryDraft:
    key = new_id()
    return DeliveryDraft(
        key,
        time_of(key),
        None,
        "broker:plant",
        "a rule",
        3,
        "publish",
        target,
        "out",
        "x/y",
        b"\x00\xff",
        1,
        False,
        '{"via": "1"}',
        state,
        0,
        None,
        None,
        "",
    )


@pytest.fixture(params=["few", "many"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL writes few rows otherwise than many."""
    if request.param == "many":
        if connection.vendor != "postgresql":
            pytest.skip("SQLite has one way")
        monkeypatch.setattr(postgresql, "FEW_ROWS", 0)


def record(batch: Batch) -> Recorder:
    recorder = Recorder("test")
    recorder.record(batch)
    return recorder


@pytest.mark.usefixtures("either_way")
def test_it_stores_a_message_with_its_bytes_and_times() -> None:
    draft = message(payload=b"\x00\xfe\xff")
    record(Batch(at=NOW, messages=[draft]))
    row = Message.objects.get()
    assert (row.id, bytes(row.payload), row.received_at, row.decoded) == (draft.id, b"\x00\xfe\xff", NOW, {"a": 1})


@pytest.mark.usefixtures("either_way")
def test_it_stores_readings_and_keeps_the_newest_of_each_metric() -> None:
    first, second = message(), message()
    old, new = reading(first.id, 1.0), reading(second.id, 2.0)
    record(Batch(at=NOW, messages=[first, second], readings=[old, new], latest={("scale", "weight"): new}))
    assert StoredReading.objects.count() == 2
    record(Batch(at=NOW, latest={("scale", "weight"): old}, messages=[message()]))
    assert LatestReading.objects.get().value == 2.0


def test_few_rows_of_many_bytes_are_copied_in() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one way")
    assert not postgresql.is_many(Batch(at=NOW, messages=[message()]))
    assert postgresql.is_many(Batch(at=NOW, messages=[message(payload=bytes(postgresql.FEW_BYTES + 1))]))


@pytest.mark.usefixtures("either_way")
def test_it_stores_deliveries_and_dead_letters() -> None:
    draft = delivery()
    letter = DeadLetterDraft(new_id(), NOW, None, "broker:plant", "t", "record", "", 0, "why", b"\x00")
    record(Batch(at=NOW, deliveries=[draft], dead_letters=[letter]))
    row = Delivery.objects.get()
    assert (row.id, bytes(row.payload), row.properties, row.created_at) == (
        draft.id,
        b"\x00\xff",
        {"via": "1"},
        draft.created_at,
    )
    assert DeadLetter.objects.get().reason == "why"


def test_the_ledger_adds_up_over_batches() -> None:
    hour = hour_of(NOW)
    for _ in range(2):
        record(Batch(at=NOW, ledger=Counter({LedgerKey("broker:plant", hour, "received"): 3})))
    assert LedgerEntry.objects.get().received == 6


def test_an_outcome_settles_its_delivery_and_is_booked_once() -> None:
    draft = delivery()
    record(Batch(at=NOW, deliveries=[draft]))
    for _ in range(2):
        record(Batch(at=NOW, outcomes=[Outcome(draft.id, Verdict.DELIVERED)]))
    assert Delivery.objects.get().state == "delivered"
    assert LedgerEntry.objects.get().delivered == 1


def test_what_expired_while_it_was_in_flight_and_arrived_is_delivered() -> None:
    sent, late = delivery(), delivery()
    record(Batch(at=NOW, deliveries=[sent, late]))
    update_deliveries([late.id], "state = 'expired'", [])
    book([Concluded(late.id, late.target, "expired", "")])
    outcomes = [Outcome(item.id, Verdict.DELIVERED) for item in (sent, late)]
    for _ in range(2):
        record(Batch(at=NOW, outcomes=outcomes))
    assert {row.state for row in Delivery.objects.all()} == {"delivered"}
    entry = LedgerEntry.objects.get(link="broker:plant")
    assert (entry.delivered, entry.expired) == (2, 0)


def test_a_refused_delivery_is_a_dead_letter_with_its_reason() -> None:
    draft = delivery()
    record(Batch(at=NOW, deliveries=[draft]))
    record(Batch(at=NOW, outcomes=[Outcome(draft.id, Verdict.REFUSED, "not authorised")]))
    row = Delivery.objects.get()
    assert (row.state, row.reason) == ("dead", "not authorised")


def test_a_returned_write_waits_again() -> None:
    draft = delivery(state="sending")
    record(Batch(at=NOW, deliveries=[draft]))
    record(Batch(at=NOW, outcomes=[Outcome(draft.id, Verdict.RETURNED, "port away")]))
    assert Delivery.objects.get().state == "waiting"


def test_three_abnormal_disconnects_make_a_dead_letter() -> None:
    draft = delivery()
    record(Batch(at=NOW, deliveries=[draft]))
    states = []
    for _ in range(MAX_DISCONNECTS):
        record(Batch(at=NOW, outcomes=[Outcome(draft.id, Verdict.RETURNED, "reset", is_abnormal=True)]))
        states.append(Delivery.objects.get().state)
    assert states == ["waiting", "waiting", "dead"]
    assert "reset" in Delivery.objects.get().reason


def test_a_lost_lease_undoes_the_whole_batch() -> None:
    Lease.objects.create(key="broker:plant", owner="other", token=5, expires_at=NOW)
    with pytest.raises(LeaseLost) as lost:
        record(Batch(at=NOW, messages=[message()], tokens={"broker:plant": 4}))
    assert lost.value.links == {"broker:plant"}
    assert not Message.objects.exists()


def test_a_held_lease_lets_the_batch_through() -> None:
    Lease.objects.create(key="broker:plant", owner="me", token=5, expires_at=NOW)
    record(Batch(at=NOW, messages=[message()], tokens={"broker:plant": 5}))
    assert Message.objects.count() == 1


@pytest.mark.database("postgresql")
@pytest.mark.parametrize("outcomes", [[], [Outcome(new_id(), Verdict.DELIVERED)]], ids=["one script", "several"])
def test_a_process_that_stands_still_in_a_batch_loses_it_and_its_leases(
    monkeypatch: pytest.MonkeyPatch, outcomes: list[Outcome]
) -> None:
    Lease.objects.create(key="broker:plant", owner="me", token=5, expires_at=NOW)

    hold = recorder._finish

    def hold_and_stand_still(script: Script, tokens: Mapping[str, int]) -> None:
        hold(script, tokens)
        other = Thread(target=take_lease)
        other.start()
        other.join(20)
        assert not other.is_alive(), "the lease is still locked"

    def take_lease() -> None:
        Lease.objects.filter(key="broker:plant").update(owner="other", token=6)
        connections.close_all()

    monkeypatch.setattr(postgresql, "STANDSTILL_MS", 100)
    monkeypatch.setattr(recorder, "_finish", hold_and_stand_still)
    with pytest.raises(OperationalError):
        record(Batch(at=NOW, messages=[message()], outcomes=outcomes, tokens={"broker:plant": 5}))
    assert not Message.objects.exists()


def test_a_used_idempotency_key_undoes_the_batch() -> None:
    key = IdempotencyDraft("owner", "k", "digest", "[]", NOW)
    record(Batch(at=NOW, messages=[message()], idempotency=[key]))
    with pytest.raises(KeyInUse):
        record(Batch(at=NOW, messages=[message()], idempotency=[key]))
    assert (Message.objects.count(), IdempotencyKey.objects.count()) == (1, 1)


def test_packet_ids_are_held_until_released() -> None:
    record(Batch(at=NOW, unreleased=[("broker:plant", 9, new_id())]))
    assert UnreleasedPacket.objects.get().packet_id == 9
    record(Batch(at=NOW, releases=[("broker:plant", 9)]))
    assert not UnreleasedPacket.objects.exists()


def test_the_mark_tells_whether_a_batch_is_in() -> None:
    recorder = record(Batch(at=NOW, messages=[message()]))
    assert recorder.is_committed()
    broken = Batch(at=NOW, messages=[message(decoded="{broken")] * 2)
    with pytest.raises(DatabaseError):
        recorder.record(broken)
    assert not recorder.is_committed()


@pytest.mark.database("postgresql")
def test_the_mark_waits_for_a_commit_that_the_server_is_still_busy_with() -> None:
    """The client's connection broke, the transaction goes on."""
    recorder, answers = record(Batch(at=NOW, messages=[message()])), []
    with connections["default"].copy().cursor() as elsewhere:
        elsewhere.execute("BEGIN")
        elsewhere.execute("UPDATE telemetry_commitmark SET number = 2")
        recorder.number = 2

        def ask() -> None:
            answers.append(recorder.is_committed())
            connection.close()

        thread = Thread(target=ask)
        thread.start()
        thread.join(0.3)
        assert answers == []
        elsewhere.execute("COMMIT")
        thread.join(10)
    assert answers == [True]


def test_rule_counts_and_codec_states_are_kept() -> None:
    batch = Batch(at=NOW, rule_counts=Counter({("a rule", "matched"): 2}), codec_states={"in": b"1"})
    batch.rule_errors["a rule"] = "broken"
    record(batch)
    assert (RuleCount.objects.get().matched, RuleCount.objects.get().last_error) == (2, "broken")
    assert bytes(CodecState.objects.get().state) == b"1"


def test_a_link_keeps_since_while_its_state_stays() -> None:
    def report(state: LinkState, at: datetime, detail: str = "") -> LinkStatus:
        record(Batch(at=at, reports=[LinkReport("device:scale", state, detail)]))
        return LinkStatus.objects.get()

    report(LinkState.CONNECTED, NOW)
    row = report(LinkState.CONNECTED, NOW + timedelta(seconds=5), "still")
    assert (row.since, row.connected_since, row.detail) == (NOW, NOW, "still")
    row = report(LinkState.LOST, NOW + timedelta(seconds=9), "unplugged")
    assert (row.connected_since, row.last_error) == (None, "unplugged")


def test_a_connection_that_follows_another_is_told_from_it_though_no_report_came_between() -> None:
    at = [NOW + timedelta(seconds=second) for second in range(3)]
    for since, said in ((at[0], at[0]), (at[1], at[2])):
        report = LinkReport("device:scale", LinkState.CONNECTED, since=since)
        record(Batch(at=said, reports=[report]))
        record(Batch(at=said, reports=[replace(report, warning="nearly out of paper")]))
        row = LinkStatus.objects.get()
        assert (row.since, row.connected_since, row.warning) == (since, since, "nearly out of paper")


@pytest.mark.database("postgresql")
def test_history_is_partitioned_and_a_row_without_its_month_is_kept() -> None:
    of_no_month = lowest_id(datetime(2061, 7, 1, tzinfo=UTC))
    record(Batch(at=NOW, messages=[message()._replace(id=of_no_month)]))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM telemetry_message_rest WHERE id = %s", [of_no_month])
        assert cursor.fetchone()[0] == 1


@pytest.mark.database("postgresql")
def test_partitions_are_made_once() -> None:
    future = datetime(2099, 12, 15, tzinfo=UTC)
    assert len(make_partitions(future, months=2)) == 4
    assert make_partitions(future, months=2) == []
    with connection.cursor() as cursor:
        for name in ("telemetry_message", "telemetry_storedreading"):
            for month in ("2099_12", "2100_01"):
                cursor.execute(f"DROP TABLE {name}_{month}")


@pytest.mark.database("postgresql")
def test_a_partition_is_not_waited_for_while_a_long_query_is_on_the_table() -> None:
    """Whoever waits for that lock has every commit wait behind it."""
    far = datetime(2055, 4, 10, tzinfo=UTC)
    with connections["default"].copy().cursor() as elsewhere:
        elsewhere.execute("BEGIN")
        elsewhere.execute("SELECT count(*) FROM telemetry_message")
        assert make_partitions(far, months=1) == ["telemetry_storedreading_2055_04"]
        elsewhere.execute("COMMIT")
    assert make_partitions(far, months=1) == ["telemetry_message_2055_04"]
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE telemetry_message_2055_04, telemetry_storedreading_2055_04")


def test_a_commit_is_told_at_debug_with_what_it_held(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "telemetry.recording.recorder")

    Recorder("test").record(Batch(at=NOW))

    (line,) = caplog.records
    assert (line.getMessage(), vars(line)["messages"], vars(line)["ms"] > 0) == ("committed", 0, True)
