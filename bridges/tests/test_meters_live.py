"""Meters as live pages are told of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridges.meters.live import meter_events
from bridges.models import Broker, Meter, MeterDefaults, MeterRequest, MeterState, Topic
from telemetry.live.poller import Poller
from telemetry.live.snapshot import build_snapshot

pytestmark = pytest.mark.django_db
METER = "33B1225950028"
NOW = datetime(2026, 1, 12, 16, tzinfo=UTC)


@pytest.fixture
def meter() -> Meter:
    broker = Broker.objects.create(name="meters", host="127.0.0.1")
    Topic.objects.create(name="replies", broker=broker, filter="#", codec="kpm33b")
    return Meter.objects.create(name=METER, broker=broker)


def attempt(**given: Any) -> dict[str, Any]:
    sent_at = (NOW - timedelta(seconds=3)).isoformat()
    return {"value": "", "sent_at": sent_at, "count": 1, "oprids": ["a"], "is_open": True, "refusal": "", **given}


def told() -> dict[str, Any]:
    (event,) = meter_events(NOW)
    return dict(event)


def test_a_hub_without_meters_tells_of_none() -> None:
    assert list(meter_events()) == []


def test_a_meter_that_was_never_asked_anything_is_told_with_what_it_can_be_set_to(meter: Meter) -> None:
    assert told() == {
        "kind": "meter",
        "name": METER,
        "label": METER,
        "link": "broker:meters",
        "is_enabled": True,
        "context": "",
        "seconds": {
            "reported": None, "is_read": False, "wanted": None, "own": None,
            "choices": (30, 60, 300, 600, 900, 1200, 1800, 3600),
        },
        "minutes": {
            "reported": None, "is_read": False, "wanted": None, "own": None,
            "choices": (1, 5, 10, 15, 20, 30, 60, 1440),
        },
        "clock": {"drift_s": None, "is_wrong": False, "is_kept": False, "set_at": None},
        "relay": "",
        "commands": [],
        "asked": [],
        "unheard": "",
    }  # fmt: skip


def test_what_holds_for_all_meters_is_told_apart_from_what_is_wanted_of_this_one(meter: Meter) -> None:
    MeterDefaults.objects.create(name="all", broker=meter.broker, desired_seconds_interval=60, keeps_clock=True)
    Meter.objects.update(desired_minutes_interval=15)
    said = told()
    assert (said["seconds"]["wanted"], said["seconds"]["own"]) == (60, None)
    assert (said["minutes"]["wanted"], said["minutes"]["own"]) == (15, 15)
    assert said["clock"]["is_kept"] is True


def test_a_clock_that_is_off_by_more_than_is_tolerated_is_wrong(meter: Meter) -> None:
    MeterState.objects.create(meter=meter, seen_at=NOW, clock_drift_s=61.2, clock_drift_at=NOW, clock_set_at=NOW)
    assert told()["clock"] == {
        "drift_s": 61, "is_wrong": True, "is_kept": False, "set_at": "2026-01-12T16:00:00.000Z",
    }  # fmt: skip


def test_commands_are_told_with_their_answer_the_newest_first(meter: Meter) -> None:
    tries = {
        "set_clock": attempt(is_open=False),
        "set_seconds": attempt(value="30"),
        "set_minutes": attempt(value="5", is_open=False, refusal="the meter refused it (code 02)"),
        "read_seconds": attempt(sent_at=(NOW - timedelta(minutes=1)).isoformat(), count=2),
    }
    MeterState.objects.create(meter=meter, relay="1", tries=tries)
    MeterRequest.objects.create(meter=meter, kind="retry", asked_at=NOW, asked_by="user:1")
    said = told()
    assert [(one["words"], one["state"], one["reason"]) for one in said["commands"]] == [
        ("set the clock", "acknowledged", ""),
        ("set the minutes interval", "refused", "the meter refused it (code 02)"),
        ("set the seconds interval", "waiting", ""),
        ("read the seconds interval", "unanswered", "the meter did not answer (2 times)"),
    ]
    assert said["commands"][2]["sent_at"] == "2026-01-12T15:59:57.000Z"
    assert (said["relay"], said["asked"]) == ("on", ["retry"])


def test_a_relay_is_told_on_or_off_not_what_the_protocol_writes(meter: Meter) -> None:
    MeterState.objects.create(meter=meter, tries={"relay": attempt(value="1")})
    assert told()["commands"][0]["value"] == "on"


def test_commands_that_would_be_held_back_are_announced_as_such(meter: Meter) -> None:
    Topic.objects.update(filter="MQTT_RT_DATA")
    assert told()["unheard"].startswith("No in-topic of meters with the codec kpm33b brings MQTT_COMMOD_SET_REP")


def test_a_page_begins_with_the_meters_and_is_told_only_of_those_that_changed(meter: Meter) -> None:
    MeterState.objects.create(meter=meter, seen_at=NOW)
    assert [one["name"] for one in build_snapshot()["meters"]] == [METER]
    poller = Poller()
    poller.look_at_states()
    MeterState.objects.update(seen_at=NOW + timedelta(seconds=5))
    assert poller.look_at_states() == []
    MeterState.objects.update(seconds_interval=60, seconds_at=NOW)
    (event,) = poller.look_at_states()
    assert (event["kind"], event["seconds"]["reported"]) == ("meter", 60)
