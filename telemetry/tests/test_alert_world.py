"""The facts that alerts look at, as the database has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from telemetry.alerts import world as alert_world
from telemetry.alerts.world import Habits, StoredWorld
from telemetry.ids import lowest_id
from telemetry.live.sources import LabelledDevice, LabelledLink
from telemetry.models import DeadLetter, Delivery, LatestReading, LinkStatus, ProcessStatus, StoredReading

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)


@pytest.fixture
def esp(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one configured device."""
    known = LabelledDevice(name="esp", label="", driver="", link="")
    monkeypatch.setattr(alert_world, "configured_devices", lambda: [known])


def world(habits: Habits | None = None, now: datetime = NOW) -> StoredWorld:
    return StoredWorld(now, now, habits or Habits())


def heard(device: str, *seconds_ago: float) -> None:
    for seconds in seconds_ago:
        at = NOW - timedelta(seconds=seconds)
        StoredReading.objects.create(
            id=UUID(int=lowest_id(at).int + len(device)),
            message_id=lowest_id(at),
            device=device,
            metric="t",
            value=1,
            time=at,
        )
    newest = NOW - timedelta(seconds=min(seconds_ago))
    LatestReading.objects.update_or_create(
        device=device, metric="t", defaults={"value": 1, "unit": "g", "time": newest, "message_id": lowest_id(newest)}
    )


def test_links_are_those_that_are_configured_and_enabled(monkeypatch: pytest.MonkeyPatch) -> None:
    links = [LabelledLink(key=f"device:{name}", label=name, is_enabled=name == "scale") for name in ("scale", "off")]
    monkeypatch.setattr("telemetry.live.configured_links.configured_links", lambda: links)
    LinkStatus.objects.create(key="device:scale", state="lost", detail="Unplugged.")

    assert [(link.key, link.state, link.detail) for link in world().links] == [("device:scale", "lost", "Unplugged.")]


@pytest.mark.usefixtures("esp")
def test_the_habit_of_a_device_is_the_median_of_its_intervals() -> None:
    heard("esp", 100, 110, 120, 130, 140, 150, 400)

    (device,) = world().devices

    assert (device.name, device.usual_s) == ("esp", 10.0)
    assert device.heard_at is not None
    assert abs((NOW - device.heard_at).total_seconds() - 100) < 0.01


@pytest.mark.usefixtures("esp")
def test_a_few_messages_are_no_habit_and_unknown_devices_are_not_watched() -> None:
    heard("esp", 1, 2, 3)
    heard("stranger", 1, 2, 3, 4, 5, 6, 7)

    assert [(device.name, device.usual_s) for device in world().devices] == [("esp", None)]


@pytest.mark.usefixtures("esp")
def test_a_habit_is_worked_out_only_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    worked_out: list[str] = []

    def work_out(device: str, metric: str) -> float:
        worked_out.append(device)
        return 10.0

    monkeypatch.setattr(alert_world, "_median_interval_s", work_out)
    heard("esp", 1)
    habits = Habits()

    for minutes in (0, 5, 9, 11):
        _ = world(habits, NOW + timedelta(minutes=minutes)).devices

    assert len(worked_out) == 2


@pytest.mark.usefixtures("esp")
def test_a_device_that_said_too_little_is_looked_at_again_soon() -> None:
    heard("esp", 200, 210)
    habits = Habits()
    assert [device.usual_s for device in world(habits).devices] == [None]
    heard("esp", 110, 120, 130, 140, 150)
    later = NOW + timedelta(seconds=31)
    assert [device.usual_s for device in world(habits, later).devices] == [10.0]


def a_delivery(state: str, seconds_ago: float) -> None:
    at = NOW - timedelta(seconds=seconds_ago)
    Delivery.objects.create(
        id=lowest_id(at), created_at=at, source="s", kind="publish", target="broker:b", payload=b"", state=state
    )


def test_queues_count_what_waits_and_know_the_oldest() -> None:
    for state, ago in (("waiting", 50), ("sending", 40), ("delivered", 90), ("dead", 80)):
        a_delivery(state, ago)

    (queue,) = world().queues

    assert (queue.target, queue.waiting) == ("broker:b", 2)
    assert queue.oldest_at is not None
    assert abs((NOW - queue.oldest_at).total_seconds() - 50) < 0.01


def test_errors_are_dead_letters_and_dead_deliveries_of_the_last_seconds() -> None:
    for ago in (10, 20, 500):
        a_delivery("dead", ago)
        at = NOW - timedelta(seconds=ago)
        DeadLetter.objects.create(
            id=lowest_id(at), created_at=at, source="packets", stage="decode", reason="r", payload=b""
        )
    a_delivery("unknown", 5)

    assert world().errors(60) == {"broker:b": 2, "packets": 2}


@pytest.fixture
def processes() -> None:
    now = datetime.now(UTC)  # not when this module was read: the run may be long
    times = {"started_at": now, "site": "main", "role": "web"}
    for pid, host, seen_at in ((1, "pi", now), (2, "pi", now), (3, "gone", now - timedelta(hours=1))):
        fields: dict[str, Any] = {"disk_free_bytes": 10, "disk_total_bytes": 100}
        ProcessStatus.objects.create(key=str(pid), pid=pid, host=host, seen_at=seen_at, **times, **fields)


@pytest.mark.usefixtures("processes")
def test_disks_are_those_of_hosts_that_report_themselves() -> None:
    assert [(disk.host, disk.free_bytes, disk.total_bytes) for disk in world().disks] == [("pi", 10, 100)]


def test_values_are_the_newest_readings() -> None:
    heard("esp", 5)

    assert [(fact.device, fact.metric, fact.value, fact.unit) for fact in world().values] == [("esp", "t", 1.0, "g")]
