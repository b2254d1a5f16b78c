"""The capture of real meters through the whole pipeline: all is stored, and what rules and readings get is clean."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from bridges.codecs.kpm33b import Kpm33bCodec
from bridges.pipeline.decisions import Decider
from bridges.pipeline.flushing import Flusher
from bridges.pipeline.memory import Memory
from bridges.pipeline.snapshot import ActiveRule, InTopic, Snapshot
from bridges.tests.test_decisions import LINK, publish, rule
from telemetry.ids import new_id
from telemetry.models import CodecState, Message, StoredReading
from telemetry.recording.batch import DeliveryDraft, MessageDraft
from telemetry.recording.recorder import Recorder
from telemetry.values import Arrival

NOW = datetime(2026, 1, 13, 2, 0, tzinfo=UTC)
CAPTURE = (Path(__file__).parent / "samples" / "kpm33b_eny_120.log").read_text().splitlines()
TO_CENTRAL = {"id": "device", "time": "payload.time", "active_energy": "readings.active_energy"}

pytestmark = pytest.mark.django_db(transaction=True)


def arrivals() -> list[Arrival]:
    sequence = count(1)
    return [
        Arrival(
            link=LINK,
            payload=payload.encode(),
            received_at=NOW,
            sequence=next(sequence),
            topic=topic,
            topics=("in",),
            connection=1,
        )
        for topic, payload in (line.split(" ", 1) for line in CAPTURE)
    ]


def part(sequence: int, *, is_last: bool, **values: str) -> Arrival:
    said = {"id": "33B1225950028", "time": "20260113003000", "isend": "1" if is_last else "0", **values}
    return Arrival(
        link=LINK, payload=json.dumps(said).encode(), received_at=NOW, sequence=sequence,
        topic="plant/7/MQTT_RT_DATA", topics=("in",), connection=1,
    )  # fmt: skip


def decided(
    *parts: Arrival, active: ActiveRule, flushed_at: datetime | None = None
) -> tuple[list[DeliveryDraft], MessageDraft]:
    """What goes out, and the last message."""
    topics = {"in": InTopic("in", Kpm33bCodec(), link=LINK)}
    config, memory = Snapshot(version=1, instance="me", topics=topics, rules_by_topic={"in": (active,)}), Memory()
    decider = Flusher(config, memory, now=NOW, new_id=new_id)
    decider.decide_all(parts)
    if flushed_at is not None:
        memory.apply(decider.changes)
        decider = Flusher(config, memory, now=flushed_at, new_id=new_id)
        decider.flush(["in"])
    return decider.batch.deliveries, decider.batch.messages[-1]


def test_a_rule_without_a_transform_passes_on_the_joined_packet_and_its_parts_are_kept_as_they_came() -> None:
    last = part(2, is_last=True, ub="231")
    (sent,), message = decided(part(1, is_last=False, ua="230"), last, active=rule())
    document = json.loads(sent.payload)
    assert (document["ua"], document["ub"], document["id"]) == ("230", "231", "33B1225950028")
    assert message.payload == last.payload


def test_a_packet_in_one_piece_passes_on_byte_for_byte() -> None:
    whole = part(1, is_last=True, ua="230")
    (sent,), _ = decided(whole, active=rule())
    assert sent.payload == whole.payload


def test_what_is_given_out_late_has_the_topic_that_it_came_on() -> None:
    active = rule(condition='topic == "plant/7/MQTT_RT_DATA"', actions=[publish("out/{topic[1]}/{device}")])
    (sent,), message = decided(part(1, is_last=False, ua="230"), active=active, flushed_at=NOW + timedelta(minutes=1))
    assert sent.address == "out/7/33B1225950028"
    assert (message.topic, json.loads(sent.payload)["ua"]) == ("plant/7/MQTT_RT_DATA", "230")


@pytest.mark.parametrize("batch_size", [1, 7, 120])
def test_a_replayed_capture_gives_the_clean_series_however_it_is_batched(batch_size: int) -> None:
    config = Snapshot(
        version=1,
        instance="me",
        topics={"in": InTopic("in", Kpm33bCodec(), link=LINK)},
        rules_by_topic={"in": (rule(transform=TO_CENTRAL),)},
    )
    memory, recorder, payloads = Memory(), Recorder("test"), []
    pending = arrivals()
    for start in range(0, len(pending), batch_size):
        portion = pending[start : start + batch_size]
        Decider(config, memory, now=NOW, new_id=new_id).decide_all(portion)  # the database refused it once
        decider = Decider(config, memory, now=NOW, new_id=new_id)
        batch = decider.decide_all(portion)
        recorder.record(batch)
        memory.apply(decider.changes)
        payloads += [delivery.payload for delivery in batch.deliveries]
    assert Message.objects.count() == 120
    energies = StoredReading.objects.filter(metric="active_energy")
    assert Counter(energies.values_list("device", flat=True)) == {
        "33B1225950027": 12,
        "33B1225950028": 13,
        "33B1225950029": 12,
    }
    assert not energies.filter(value=0).exists()
    assert set(energies.filter(device="33B1225950029").values_list("time", flat=True)) == {NOW}  # its clock is in 2005
    assert payloads[0] == b'{"id":"33B1225950028","time":"20260113003000","active_energy":31.057}'
    assert len(payloads) == len(set(payloads)) == 37
    assert CodecState.objects.count() == 1
