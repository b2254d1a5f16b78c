"""Alerts on live pages: in the snapshot, and as events when something about them changes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from telemetry.live.event_filter import EventFilter
from telemetry.live.poller import Poller
from telemetry.live.snapshot import build_snapshot
from telemetry.models import Alert

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def an_alert(subject: str = "broker:plant", state: str = "open") -> Alert:
    return Alert.objects.create(
        rule="links", subject=subject, severity="critical", state=state, detail="It is down.", bad_since=NOW,
        seen_at=NOW, opened_at=NOW,
    )  # fmt: skip


def told(poller: Poller) -> list[tuple[str, str]]:
    return [(event["subject"], event["state"]) for event in poller.look_at_states() if event["kind"] == "alert"]


def test_a_snapshot_holds_the_alerts_that_stand_newest_first() -> None:
    for subject, state in (("a", "open"), ("b", "pending"), ("c", "cleared"), ("d", "acknowledged")):
        an_alert(subject, state)

    alerts = build_snapshot()["alerts"]

    assert [(alert["subject"], alert["state"]) for alert in alerts] == [("d", "acknowledged"), ("a", "open")]
    assert alerts[1] == {
        "kind": "alert", "id": alerts[1]["id"], "rule": "links", "subject": "a", "severity": "critical",
        "state": "open", "detail": "It is down.", "opened_at": "2026-05-01T12:00:00.000Z", "acknowledged_by": "",
    }  # fmt: skip


def test_pages_are_told_when_an_alert_opens_changes_and_is_over() -> None:
    poller = Poller()
    assert told(poller) == []
    alert = an_alert()
    assert told(poller) == [("broker:plant", "open")]
    assert told(poller) == []
    Alert.objects.filter(pk=alert.pk).update(state="acknowledged", acknowledged_by="anna")
    assert told(poller) == [("broker:plant", "acknowledged")]
    Alert.objects.filter(pk=alert.pk).update(state="cleared")
    assert told(poller) == [("broker:plant", "cleared")]
    assert told(poller) == []


@pytest.mark.parametrize(
    ("wanted", "goes"),
    [
        ({}, True),
        ({"source": "broker:plant"}, True),
        ({"source": "broker:other"}, False),
        ({"device": "scale"}, False),
        ({"topic": "t"}, False),
    ],
)
def test_a_filtered_stream_has_the_alerts_of_what_it_is_about(wanted: dict[str, str], *, goes: bool) -> None:
    an_alert()
    events = [event for event in Poller().look_at_states() if event["kind"] == "alert"]

    assert bool(EventFilter(wanted).select(events, {})) is goes
