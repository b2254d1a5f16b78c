"""A device's answer goes back to who asked for it: guarded, complete, and in the transaction of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest

from bridges.codecs.text import TextCodec
from bridges.pipeline.decisions import Decider
from bridges.pipeline.memory import Memory
from bridges.pipeline.replies import asked_by
from bridges.pipeline.snapshot import ActiveRule, InTopic, PublishAction, Snapshot, WriteAction
from bridges.rules.address import AddressTemplate
from bridges.rules.rule import CompiledRule
from devices.answers import ANSWERS, CORRELATION, REPLY_BROKER, REPLY_TO, VIA, WHOLE
from devices.drivers.registry import driver_named
from telemetry.ids import new_id
from telemetry.recording.batch import Batch, DeliveryDraft
from telemetry.values import Arrival

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DELIVERY = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
WEIGHT = b"S S     100.00 g"


def snapshot() -> Snapshot:
    actions = (WriteAction("device:scale"), PublishAction("log", "broker:plant", AddressTemplate("log"), 0, False))
    active = ActiveRule(7, CompiledRule("command the scale", 1, "", None), actions)
    return Snapshot(
        version=1,
        instance="me",
        topics={"commands": InTopic("commands", TextCodec())},
        drivers={"scale": driver_named("mt-sics")()},
        brokers=frozenset({"broker:plant"}),
        rules_by_topic={"commands": (active,)},
    )


def decide(arrival: Arrival) -> Batch:
    return Decider(snapshot(), Memory(), now=NOW, new_id=new_id).decide_all([arrival])


def question(properties: Mapping[str, str], link: str = "broker:plant") -> Arrival:
    return Arrival(
        link=link,
        payload=b"S",
        received_at=NOW,
        sequence=1,
        topic="lab/scale/command",
        topics=("commands",),
        properties=properties,
    )


def answer(properties: Mapping[str, str] | None = None) -> Arrival:
    marks = {ANSWERS: str(DELIVERY), REPLY_TO: "lab/answer", REPLY_BROKER: "broker:plant", VIA: "7"} | dict(
        properties or {}
    )
    return Arrival(link="device:scale", device="scale", payload=WEIGHT, received_at=NOW, sequence=1, properties=marks)


def only(batch: Batch) -> DeliveryDraft:
    (draft,) = batch.deliveries
    return draft


def test_a_write_remembers_who_asked_and_a_publication_does_not() -> None:
    batch = decide(question({"response_topic": "lab/answer", "correlation_data": "01ff"}))
    write, publish = batch.deliveries
    assert orjson.loads(write.properties) == {
        VIA: "7",
        REPLY_TO: "lab/answer",
        REPLY_BROKER: "broker:plant",
        CORRELATION: "01ff",
    }
    assert orjson.loads(publish.properties) == {VIA: "7"}


def test_without_a_response_topic_nobody_waits() -> None:
    assert asked_by(question({"correlation_data": "01ff"})) == {}


def test_only_a_broker_can_be_answered() -> None:
    assert asked_by(question({"response_topic": "lab/answer"}, link="packets")) == {}


def test_correlation_data_beyond_measure_is_left_out() -> None:
    assert CORRELATION not in asked_by(question({"response_topic": "a", "correlation_data": "00" * 5000}))


def test_the_answer_names_its_write_and_is_published_to_who_asked() -> None:
    batch = decide(answer({CORRELATION: "01ff"}))
    reply = only(batch)
    assert batch.messages[0].answers == DELIVERY
    assert (reply.kind, reply.target, reply.address, reply.payload) == ("publish", "broker:plant", "lab/answer", WEIGHT)
    assert (reply.state, reply.qos, reply.is_retained) == ("waiting", 1, False)
    assert reply.message_id == batch.messages[0].id
    assert orjson.loads(reply.properties) == {VIA: "7", CORRELATION: "01ff"}


def test_the_reply_is_booked_in_the_ledger() -> None:
    ledger = decide(answer()).ledger
    assert {(key.link, key.column): count for key, count in ledger.items()}["broker:plant", "created"] == 1


def test_an_answer_of_several_lines_is_one_reply() -> None:
    assert only(decide(answer({WHOLE: b"S A\nS      8.5 g".hex()}))).payload == b"S A\nS      8.5 g"


def test_an_answer_that_nobody_asked_for_only_names_its_write() -> None:
    arrival = Arrival(
        link="device:scale",
        device="scale",
        payload=WEIGHT,
        received_at=NOW,
        sequence=1,
        properties={ANSWERS: str(DELIVERY)},
    )
    batch = decide(arrival)
    assert batch.messages[0].answers == DELIVERY
    assert not batch.deliveries


@pytest.mark.parametrize("topic", ["$SYS/x", "$share/g/x", "lab/+/x", "lab/#", "lab/\x07"])
def test_a_reply_to_a_topic_that_must_not_be_published_to_is_dead(topic: str) -> None:
    reply = only(decide(answer({REPLY_TO: topic})))
    assert reply.state == "dead"
    assert "topic" in reply.reason


def test_a_reply_to_a_broker_that_is_gone_is_dead() -> None:
    reply = only(decide(answer({REPLY_BROKER: "broker:other"})))
    assert (reply.state, reply.target) == ("dead", "broker:other")
    assert "not configured" in reply.reason


def test_marks_in_the_user_properties_of_a_stranger_count_for_nothing() -> None:
    batch = decide(question({ANSWERS: "no id", REPLY_TO: "lab/answer", REPLY_BROKER: "broker:plant"}))
    assert batch.messages[0].answers is None
    assert [draft.kind for draft in batch.deliveries] == ["write", "publish"]
    assert orjson.loads(batch.deliveries[0].properties) == {VIA: "7"}
