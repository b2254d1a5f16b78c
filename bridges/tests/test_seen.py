"""What a batch knows of what came before: pure, and undone with the batch."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from bridges.pipeline.memory import Memory
from bridges.pipeline.seen import Seen
from telemetry.recording.batch import Batch
from telemetry.values import Arrival

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LINK = "broker:plant"


def arrival(sequence: int = 1, **values: Any) -> Arrival:
    given: dict[str, Any] = {
        "link": LINK,
        "payload": b"1",
        "received_at": NOW,
        "topic": "a/b",
        "qos": 2,
        "packet_id": 7,
    } | values
    return Arrival(sequence=sequence, **given)


@pytest.fixture
def memory() -> Memory:
    return Memory()


def seen(memory: Memory) -> Seen:
    return Seen(memory, Batch(at=NOW))


def test_arrivals_that_were_left_out_are_received_with_the_next_one(memory: Memory) -> None:
    past = seen(memory)
    assert [past.received(arrival(number)) for number in (1, 4, 4, 2, -1)] == [1, 3, 0, 0, 1]


def test_a_packet_id_is_held_from_its_message_to_its_release(memory: Memory) -> None:
    past = seen(memory)
    assert not past.is_held(arrival())
    past.hold(arrival(), uuid4())
    assert past.is_held(arrival())
    past.release(arrival())
    assert not past.is_held(arrival())


def test_nothing_is_remembered_of_a_batch_that_was_not_committed(memory: Memory) -> None:
    thrown_away, kept = seen(memory), seen(memory)
    thrown_away.hold(arrival(), uuid4())
    assert not seen(memory).is_held(arrival())
    kept.hold(arrival(), uuid4())
    memory.apply(kept.changes)
    assert seen(memory).is_held(arrival())


def test_a_new_session_lets_all_packet_ids_go(memory: Memory) -> None:
    batch = Batch(at=NOW)
    past = Seen(memory, batch)
    past.hold(arrival(), uuid4())
    past.see_connection(arrival(connection=2, is_resumed=False))
    assert (past.is_held(arrival()), batch.releases) == (False, [(LINK, 7)])


def test_a_redelivery_on_a_resumed_session_has_an_original(memory: Memory) -> None:
    first, again = uuid4(), uuid4()
    past = seen(memory)
    assert past.original_of(arrival(qos=1, connection=1), first) is None
    resumed = arrival(qos=1, connection=2, is_resumed=True, dup=True)
    assert past.original_of(resumed, again) == first


@pytest.mark.parametrize(
    "values",
    [{"dup": False}, {"is_resumed": False}, {"payload": b"2"}, {"packet_id": 8}, {"connection": 1}],
    ids=str,
)
def test_in_doubt_a_message_is_new(memory: Memory, values: dict[str, Any]) -> None:
    past = seen(memory)
    past.original_of(arrival(qos=1, connection=1), uuid4())
    resumed = {"qos": 1, "connection": 2, "is_resumed": True, "dup": True} | values
    assert past.original_of(arrival(**resumed), uuid4()) is None


def test_what_a_hub_publishes_twice_has_an_original_under_any_packet_id(memory: Memory) -> None:
    marks = {"hub": "other", "id": "0190", "via": "1"}
    first = UUID(int=5)
    past = seen(memory)
    assert past.original_of(arrival(properties=marks), first) is None
    assert past.original_of(arrival(packet_id=9, properties=marks), uuid4()) == first


def test_a_codec_state_is_written_once_with_the_batch_and_only_if_it_changed(memory: Memory) -> None:
    memory.codec_states["old"] = state = {"n": 1}
    batch = Batch(at=NOW)
    past = Seen(memory, batch)
    past.remember_codec("old", state)
    past.remember_codec("new", {"n": 2})
    past.keep({"birth": b"x"})
    assert batch.codec_states == {"new": b'{"n":2}', "birth": b"x"}
    assert past.codec_state("new") == {"n": 2}
