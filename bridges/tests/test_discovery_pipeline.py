"""What the pipeline does for Home Assistant: a state for each message of a device, and nothing of its own words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import orjson
import pytest

from bridges.discovery.births import birth_name
from bridges.discovery.documents import state_payload
from bridges.discovery.names import Names
from bridges.pipeline.memory import Echo, Memory
from bridges.pipeline.snapshot import InTopic, Snapshot
from bridges.tests.test_decisions import LINK, NOW, JsonDouble, arrival, counts, decide, rule, snapshot
from telemetry.recording.batch import Batch, DeliveryDraft
from telemetry.values import Reading

NAMES = Names("homeassistant", "patchbay")
ASSISTANT = "broker:assistant"


def told(*devices: str, link: str = ASSISTANT, topic_device: str = "") -> Snapshot:
    """A hub that tells of these devices."""
    plain = snapshot(rule())
    topics = {"in": InTopic("in", JsonDouble(), topic_device)}
    return replace(plain, topics=topics, discovery={link: NAMES}, discovered=frozenset(devices))


def states(batch: Batch) -> list[DeliveryDraft]:
    return [draft for draft in batch.deliveries if draft.address.startswith("patchbay/")]


def test_a_reading_of_a_device_goes_out_with_its_message_unretained_and_counted() -> None:
    batch = decide(told("m1"), arrival())
    (draft,), (message,) = states(batch), batch.messages
    assert (draft.target, draft.address, draft.payload) == (ASSISTANT, "patchbay/m1/state", b'{"t":{"":21.5}}')
    assert (draft.kind, draft.qos, draft.is_retained, draft.state, draft.message_id) == (
        "publish",
        1,
        False,
        "waiting",
        message.id,
    )
    assert counts(batch, ASSISTANT) == {"created": 1}


@pytest.mark.parametrize("config", [snapshot(rule()), told("another")], ids=["switched off", "of another device"])
def test_otherwise_nothing_goes_out(config: Snapshot) -> None:
    assert states(decide(config, arrival())) == []


def test_a_message_without_readings_brings_no_state() -> None:
    assert states(decide(told("m1"), arrival({"id": "m1", "word": "x"}))) == []


def test_several_homes_each_get_the_state() -> None:
    config = replace(told("m1"), discovery={ASSISTANT: NAMES, "broker:garden": Names("ha", "hub")})
    assert [(draft.target, draft.address) for draft in states(decide(config, arrival()))] == [
        (ASSISTANT, "patchbay/m1/state")
    ]
    assert ("broker:garden", "hub/m1/state") in [
        (draft.target, draft.address) for draft in decide(config, arrival()).deliveries
    ]


def own(mark: Iterable[str]) -> dict[str, Any]:
    return {"properties": dict(zip(("hub", "via"), mark, strict=False))}


@pytest.mark.parametrize(
    ("topic", "fields"),
    [
        ("patchbay/m1/state", {}),
        ("patchbay/m1/availability", {}),
        ("patchbay/status", {}),
        (NAMES.config("m1", "t"), {}),
        ("bridged/elsewhere/m1/state", own(["me", "ha"])),
    ],
)
def test_what_is_read_back_is_kept_and_neither_read_nor_ruled(topic: str, fields: dict[str, Any]) -> None:
    batch = decide(told("m1", topic_device="m1"), arrival({"t": 1}, topic=topic, **fields))
    assert [(message.topic, message.device) for message in batch.messages] == [(topic, "")]
    assert (batch.readings, batch.deliveries, batch.dead_letters) == ([], [], [])
    assert counts(batch) == {"received": 1, "stored": 1}


def test_an_echo_of_a_broker_without_marks_is_known_under_any_topic() -> None:
    memory, payload = Memory(), b'{"t":1}'
    memory.note_echo(Echo(LINK, "bridged/m1", payload), "ha", NOW)
    batch = decide(told("m1", topic_device="m1"), arrival(payload, topic="bridged/m1"), memory=memory)
    assert batch.readings == []


def test_what_another_hub_says_of_its_devices_is_read() -> None:
    batch = decide(told("m1"), arrival(topic="other-hub/m1/state", **own(["another", "ha"])))
    assert len(batch.readings) == 1


@pytest.mark.parametrize("payload", [b"online", b"online\n"])
def test_a_start_of_home_assistant_is_noted_in_the_same_transaction(payload: bytes) -> None:
    batch = decide(told("m1", link=LINK), arrival(payload, topic="homeassistant/status", topics=()))
    assert batch.codec_states == {birth_name(LINK): NOW.isoformat().encode()}
    assert len(batch.messages) == 1


@pytest.mark.parametrize(
    ("topic", "payload", "link"),
    [
        ("homeassistant/status", b"offline", LINK),
        ("homeassistant/statut", b"online", LINK),
        ("homeassistant/status", b"online", ASSISTANT),
    ],
)
def test_nothing_else_is_a_start(topic: str, payload: bytes, link: str) -> None:
    assert decide(told("m1", link=link), arrival(payload, topic=topic, topics=())).codec_states == {}


def test_a_unit_with_half_a_character_spoils_nothing() -> None:
    assert orjson.loads(state_payload([Reading("t", 1.0, "\ud83d")]).replace(b"\\ud83d", b"x")) == {"t": {"x": 1.0}}
