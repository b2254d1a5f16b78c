"""Retention: whole months go, none with open deliveries, on partitions and on plain tables alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connection

from telemetry import retention
from telemetry.ids import lowest_id, time_of
from telemetry.models import CommitMark, DeadLetter, Delivery, IdempotencyKey, LatestReading, Message, StoredReading
from telemetry.partitions import make_partitions
from telemetry.retention import apply_retention, tidy

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)


def at(month: int, day: int = 15) -> datetime:
    return datetime(2026, month, day, tzinfo=UTC)


def fill(when: datetime, state: str = "delivered") -> UUID:
    """A message of that time with a reading, a delivery and a dead letter."""
    number = lowest_id(when)
    Message.objects.create(id=number, received_at=when, source="device:x", payload=b"1")
    StoredReading.objects.create(id=number, message_id=number, device="x", metric="m", value=1, time=when)
    DeadLetter.objects.create(id=number, created_at=when, source="device:x", stage="decode", reason="r", payload=b"")
    Delivery.objects.create(
        id=number, message_id=number, created_at=when, source="s", kind="publish", target="broker:b", payload=b"",
        state=state,
    )  # fmt: skip
    return number


def left(model: Any) -> list[int]:
    return sorted({int(month.month) for month in map(_time, model.objects.values_list("id", flat=True))})


def _time(number: UUID) -> datetime:
    return time_of(number)


@pytest.fixture(params=["in the rest", "in partitions"])
def months(request: pytest.FixtureRequest) -> None:
    """History of February to May; on PostgreSQL once in partitions and once in the default one."""
    if request.param == "in partitions":
        make_partitions(at(2), months=4)
    for month in (2, 3, 4, 5):
        fill(at(month))


@pytest.mark.usefixtures("months")
def test_months_that_ended_long_enough_ago_go_with_all_that_is_theirs() -> None:
    dropped = apply_retention(30, now=NOW)

    assert [str(month) for month in dropped] == ["2026-02", "2026-03"]
    for model in (Message, StoredReading, DeadLetter, Delivery):
        assert left(model) == [4, 5], model


@pytest.mark.usefixtures("months")
def test_a_month_is_kept_until_its_last_day_is_old_enough() -> None:
    assert [str(month) for month in apply_retention(20, now=NOW)] == ["2026-02", "2026-03"]
    assert [str(month) for month in apply_retention(19, now=NOW)] == ["2026-04"]


@pytest.mark.parametrize("state", ["waiting", "sending", "dead", "unknown"])
def test_a_month_with_an_open_delivery_stays_whole(state: str) -> None:
    fill(at(2), state)
    fill(at(2, 16))
    fill(at(3))

    months = apply_retention(30, now=NOW)

    assert [bool(month.kept) for month in months] == [True, False]
    assert "1 of its deliveries" in str(months[0])
    assert Message.objects.count() == 2
    assert left(Message) == [2]


def test_a_month_stays_while_a_later_delivery_of_its_message_is_open() -> None:
    message = fill(at(2, 28))
    Delivery.objects.create(
        id=lowest_id(at(3)), message_id=message, created_at=at(3), source="s", kind="publish", target="t", payload=b"",
        state="waiting",
    )  # fmt: skip

    assert [bool(month.kept) for month in apply_retention(30, now=NOW)] == [True, True]


@pytest.mark.usefixtures("months")
def test_without_a_number_of_days_everything_stays() -> None:
    assert apply_retention(None, now=NOW) == []
    assert Message.objects.count() == 4


@pytest.mark.usefixtures("months")
def test_a_dry_run_only_says_what_it_would_do(settings: Any) -> None:
    settings.PATCHBAY_RETENTION_DAYS = 30
    said = StringIO()

    call_command("apply_retention", "--dry-run", stdout=said)

    assert "2026-02 would be dropped" in said.getvalue()
    assert Message.objects.count() == 4


def test_a_clock_that_once_was_in_1970_costs_no_time() -> None:
    fill(datetime(1970, 1, 2, tzinfo=UTC))
    fill(at(5))

    assert [str(month) for month in apply_retention(30, now=NOW)] == ["1970-01"]
    assert Message.objects.count() == 1


def test_more_than_a_piece_goes_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_PIECE", 2)
    for day in range(1, 8):
        fill(at(2, day))

    apply_retention(30, now=NOW)

    assert (Message.objects.count(), Delivery.objects.count()) == (0, 0)


@pytest.mark.database("postgresql")
def test_a_dropped_month_leaves_no_partition_behind() -> None:
    make_partitions(at(2), months=1)
    fill(at(2))

    apply_retention(30, now=NOW)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_regclass('telemetry_message_2026_02'), to_regclass('telemetry_storedreading_2026_02')"
        )
        assert cursor.fetchone() == (None, None)


def test_tidying_takes_what_only_mattered_for_a_while() -> None:
    for hours in (1, 25):
        IdempotencyKey.objects.create(
            owner="o", key=str(hours), digest="d", answer=[], created_at=NOW - timedelta(hours=hours)
        )
    for days in (1, 8):
        CommitMark.objects.create(committer=str(days), number=1, at=NOW - timedelta(days=days))

    gone = tidy(NOW)

    assert (gone["idempotency keys"], gone["commit marks"]) == (1, 1)
    assert IdempotencyKey.objects.get().key == "1"


def test_seen_devices_are_remembered_up_to_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "MOST_SEEN_DEVICES", 2)
    for day in (1, 2, 3):
        for metric in ("a", "b"):
            LatestReading.objects.create(
                device=f"d{day}", metric=metric, value=1, time=at(5, day), message_id=lowest_id(at(5, day))
            )

    assert tidy(NOW)["readings of seen devices"] == 2
    assert set(LatestReading.objects.values_list("device", flat=True)) == {"d2", "d3"}
