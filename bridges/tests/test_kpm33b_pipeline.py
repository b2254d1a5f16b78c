"""The capture of real meters through the whole pipeline: all is stored, and what rules and readings get is clean."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from bridges.codecs.kpm33b import Kpm33bCodec
from bridges.pipeline.decisions import Decider
from bridges.pipeline.memory import Memory
from bridges.pipeline.snapshot import InTopic, Snapshot
from bridges.tests.test_decisions import LINK, rule
from telemetry.ids import new_id
from telemetry.models import CodecState, Message, StoredReading
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
