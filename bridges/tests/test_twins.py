"""What a hub published twice, because it was killed before it knew that the broker had it, is processed once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridges.codecs.registry import codec_named
from bridges.pipeline.decisions import Decider
from bridges.pipeline.memory import Memory
from bridges.pipeline.snapshot import ActiveRule, InTopic, Snapshot, WriteAction
from bridges.pipeline.twins import LIMIT, packed, twin_key, twins_name, unpacked, with_new
from bridges.rules.rule import CompiledRule
from bridges.runtime.recollection import recall_twins
from telemetry.ids import new_id
from telemetry.models import CodecState
from telemetry.recording.batch import Batch
from telemetry.values import Arrival

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LINK = "broker:plant"
PRINT = ActiveRule(1, CompiledRule("print", 1), (WriteAction("device:printer"),))
SNAPSHOT = Snapshot(
    version=1,
    instance="printer-hub",
    topics={name: InTopic(name, codec_named("text")()) for name in ("in", "other")},
    rules_by_topic={"in": (PRINT,)},
)


def published(delivery: str, sequence: int = 1, *, hub: str = "scale-hub", qos: int = 2) -> Arrival:
    return Arrival(
        link=LINK, payload=b"1.5 g", received_at=NOW, sequence=sequence, topic="lab/weight", topics=("in",), qos=qos,
        packet_id=sequence, properties={"id": delivery, "hub": hub, "via": "7"},
    )  # fmt: skip


def decide(memory: Memory, *arrivals: Arrival) -> Batch:
    decider = Decider(SNAPSHOT, memory, now=NOW, new_id=new_id)
    batch = decider.decide_all(arrivals)
    memory.apply(decider.changes)
    return batch


@pytest.mark.parametrize("qos", [1, 2])
def test_the_second_is_kept_as_a_duplicate_and_prints_nothing(qos: int) -> None:
    memory, delivery = Memory(), str(uuid4())
    first = decide(memory, published(delivery, 1, qos=qos))
    second = decide(memory, published(delivery, 2, qos=qos))
    assert (len(first.deliveries), len(second.deliveries)) == (1, 0)
    assert second.messages[0].duplicate_of == first.messages[0].id


def test_two_in_one_batch_are_told_apart_too() -> None:
    delivery = str(uuid4())
    batch = decide(Memory(), published(delivery, 1), published(delivery, 2))
    assert len(batch.deliveries) == 1


def test_another_delivery_with_the_same_payload_is_printed() -> None:
    batch = decide(Memory(), published(str(uuid4()), 1), published(str(uuid4()), 2))
    assert len(batch.deliveries) == 2


def test_after_a_restart_it_is_still_known() -> None:
    memory, delivery = Memory(), str(uuid4())
    batch = decide(memory, published(delivery, 1))
    restarted = Memory()
    kept = unpacked(batch.codec_states[twins_name(LINK)])
    restarted.start_link(LINK, window=500, unreleased={}, recent=[], twins=kept)
    assert decide(restarted, published(delivery, 2)).deliveries == []


def test_what_was_not_committed_is_not_known() -> None:
    memory, delivery = Memory(), str(uuid4())
    Decider(SNAPSHOT, memory, now=NOW, new_id=new_id).decide_all([published(delivery, 1)])
    assert len(decide(memory, published(delivery, 1)).deliveries) == 1


def test_what_no_hub_published_and_retained_messages_have_no_twin() -> None:
    arrival = published("d")
    assert twin_key(arrival) is not None
    assert twin_key(replace(arrival, properties={"id": "d"})) is None
    assert twin_key(replace(arrival, properties={})) is None
    assert twin_key(replace(arrival, retain=True)) is None


def test_a_publication_that_comes_once_for_each_subscription_is_no_twin() -> None:
    arrival = published("d")
    assert twin_key(arrival) != twin_key(replace(arrival, topics=("other",)))
    assert twin_key(arrival) != twin_key(published("d", hub="another"))


def test_only_so_many_are_remembered_and_the_oldest_go_first() -> None:
    keys = [number.to_bytes(8, "big") for number in range(LIMIT + 2)]
    merged = with_new({keys[0]: UUID(int=0)}, {key: UUID(int=1) for key in keys[1:]})
    assert (len(merged), keys[0] in merged, keys[-1] in merged) == (LIMIT, False, True)


@given(st.dictionaries(st.binary(min_size=8, max_size=8), st.uuids(), max_size=20))
def test_the_database_keeps_them_as_they_are(twins: dict[bytes, UUID]) -> None:
    assert dict(unpacked(packed(twins))) == twins


@given(st.binary(max_size=100))
def test_a_row_that_makes_no_sense_breaks_nothing(data: bytes) -> None:
    assert len(unpacked(data)) <= len(data) // 24


@pytest.mark.django_db
def test_a_link_that_starts_asks_the_database() -> None:
    assert not recall_twins(LINK)
    CodecState.objects.create(topic_name=twins_name(LINK), state=packed({b"12345678": UUID(int=5)}))
    assert dict(recall_twins(LINK)) == {b"12345678": UUID(int=5)}
