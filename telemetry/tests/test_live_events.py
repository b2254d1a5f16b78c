"""The events of the live protocol, and how payloads become text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from telemetry.ids import new_id
from telemetry.links import LinkState
from telemetry.live.events import config_event, delivery_event, instant, link_event, message_event
from telemetry.values import Reading

AT = datetime(2026, 1, 31, 23, 59, 59, 999_999, UTC)


def test_a_message_has_the_fields_of_the_protocol() -> None:
    id, first = new_id(), new_id()
    event = message_event(
        id,
        AT,
        source="broker:plant",
        payload=b'{"t": 21.5}',
        topic="a/b",
        device="sensor",
        readings=[Reading("t", 21.5, "°C")],
        duplicate_of=first,
        fault="no such codec",
    )
    assert event == {
        "kind": "message",
        "id": str(id),
        "at": "2026-01-31T23:59:59.999Z",
        "source": "broker:plant",
        "topic": "a/b",
        "device": "sensor",
        "text": '{"t": 21.5}',
        "is_binary": False,
        "size": 11,
        "readings": [{"metric": "t", "value": 21.5, "unit": "°C"}],
        "duplicate_of": str(first),
        "fault": "no such codec",
        "message_kind": "message",
    }


def test_a_link_has_the_fields_of_the_protocol() -> None:
    event = link_event("device:scale", LinkState.LOST, detail="The port is gone.", warning="slow", since=AT)
    assert event == {
        "kind": "link",
        "key": "device:scale",
        "state": "lost",
        "detail": "The port is gone.",
        "warning": "slow",
        "since": "2026-01-31T23:59:59.999Z",
        "last_message_at": None,
    }


def test_a_delivery_has_the_fields_of_the_protocol() -> None:
    id, message = new_id(), new_id()
    event = delivery_event(
        id,
        AT,
        target="device:printer",
        state="dead",
        payload=b"\x1b@",
        message=message,
        rule="print",
        reason="no paper",
    )
    assert event == {
        "kind": "delivery",
        "id": str(id),
        "at": "2026-01-31T23:59:59.999Z",
        "message": str(message),
        "rule": "print",
        "target": "device:printer",
        "address": "",
        "state": "dead",
        "reason": "no paper",
        "text": "1b40",
        "is_binary": True,
    }


def test_a_change_of_configuration_names_the_version() -> None:
    assert config_event(4) == {"kind": "config", "version": 4}


def test_times_are_told_in_utc() -> None:
    assert instant(datetime(2026, 1, 1, 1, 0, tzinfo=timezone(timedelta(hours=2)))) == "2025-12-31T23:00:00.000Z"
