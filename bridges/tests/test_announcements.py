"""What a batch says to the pages: its news, and under a flood a fair part of them."""

from __future__ import annotations

from datetime import timedelta

from bridges.pipeline.announcements import PER_SECOND, Announcements
from bridges.tests.test_decisions import NOW, arrival, decide, rule, snapshot
from telemetry.links import LinkReport, LinkState
from telemetry.live.events import instant
from telemetry.recording.batch import Batch
from telemetry.recording.outcomes import Concluded


def announcements() -> Announcements:
    return Announcements(clock=lambda: 1000.0)


def test_a_message_is_told_with_its_readings_and_what_it_brought_about() -> None:
    batch = decide(snapshot(rule()), arrival())
    (message, delivery), skipped = announcements().of_batch(batch, [], [])
    assert (message["kind"], message["device"], message["readings"][0]["value"]) == ("message", "m1", 21.5)
    assert (delivery["kind"], delivery["state"], delivery["message"]) == ("delivery", "waiting", message["id"])
    assert skipped == 0


def test_a_settled_delivery_is_told_with_its_new_state() -> None:
    held = decide(snapshot(rule()), arrival()).deliveries
    concluded = [Concluded(held[0].id, held[0].target, "delivered", "")]
    (event,), _ = announcements().of_batch(Batch(at=NOW), concluded, held)
    assert (event["id"], event["state"]) == (str(held[0].id), "delivered")


def test_the_states_of_links_are_told() -> None:
    report = LinkReport("device:scale", LinkState.LOST, "unplugged", since=NOW)
    (event,), _ = announcements().of_batch(Batch(at=NOW + timedelta(seconds=5), reports=[report]), [], [])
    assert (event["key"], event["state"], event["detail"]) == ("device:scale", "lost", "unplugged")
    assert event["since"] == instant(NOW)


def test_a_flood_leaves_room_for_the_quiet_and_is_counted() -> None:
    flood = [arrival({"id": "meter", "t": n}) for n in range(PER_SECOND + 99)]
    batch = decide(snapshot(), arrival({"id": "scale", "t": 1}), *flood)
    events, skipped = announcements().of_batch(batch, [], [])
    assert len(events) == PER_SECOND
    assert skipped == 100
    assert events[0]["device"] == "scale"
    assert events[-1]["id"] == str(batch.messages[-1].id)
