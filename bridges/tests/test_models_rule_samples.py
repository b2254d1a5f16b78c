"""What a rule's expressions are tried on when it is saved, and how what goes wrong is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from bridges.models import Broker, Rule, RuleSource, Topic
from bridges.models.rule_samples import last_sample
from devices.models import Device
from telemetry.ids import new_id
from telemetry.models import Message

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 12, 15, 40, tzinfo=UTC)


def faults_of(rule: Rule) -> dict[str, list[str]]:
    try:
        rule.full_clean()
    except ValidationError as fault:
        return fault.message_dict
    return {}


@pytest.fixture
def topic() -> Topic:
    broker = Broker.objects.create(name="plant", host="localhost")
    return Topic.objects.create(name="meters", broker=broker, filter="a/#")


@pytest.fixture
def rule(topic: Topic) -> Rule:
    found = Rule.objects.create(name="heat")
    RuleSource.objects.create(rule=found, topic=topic)
    return found


def arrived(payload: bytes, **changes: Any) -> None:
    known = {"source": "broker:plant", "topic": "a/b", "topic_name": "meters"}
    Message.objects.create(received_at=NOW, payload=payload, **known | changes)


def test_an_expression_that_fails_on_the_sample_is_told_at_its_field(rule: Rule) -> None:
    rule.sample = '{"text": "warm", "t": 5}'
    rule.condition = "payload.text > 1"
    rule.transform = '{"double": "payload.text * 2", "same": "payload.t"}'
    faults = faults_of(rule)
    assert faults["condition"][0].endswith("(tried on the sample).")
    assert [text.partition(":")[0] for text in faults["transform"]] == ["double"]


def test_what_is_missing_in_the_sample_is_no_fault(rule: Rule) -> None:
    rule.sample = "{}"
    rule.condition = "payload.t > 1.0 && readings.x > 2.0"
    assert faults_of(rule) == {}


def test_without_a_sample_the_last_message_of_the_sources_is_tried(rule: Rule) -> None:
    arrived(b'{"t": "warm"}')
    arrived(b'{"t": 5}', topic_name="others")
    arrived(b'{"t": 5}', fault="broken")
    rule.condition = "payload.t > 1"
    assert faults_of(rule)["condition"][0].endswith("(tried on the last message of meters).")


def test_a_sample_stands_before_the_last_message(rule: Rule) -> None:
    arrived(b'{"t": "warm"}')
    rule.sample = '{"t": 5}'
    rule.condition = "payload.t > 1"
    assert faults_of(rule) == {}


def test_a_message_that_cannot_be_read_does_not_stand_in_the_way(rule: Rule) -> None:
    arrived(b"\xff{")
    rule.condition = "payload.t > 1"
    assert faults_of(rule) == {}


def test_a_sample_is_read_as_its_source_reads_it(rule: Rule) -> None:
    rule.sample = "{broken"
    assert "message of meters" in faults_of(rule)["sample"][0]


def test_a_sample_of_a_rule_without_sources_may_be_any_text() -> None:
    assert faults_of(Rule(name="new", sample="ST,GS 1.5 kg", condition='payload == "x"')) == {}
    assert "condition" in faults_of(Rule(name="new", sample='{"t": "x"}', condition="payload.t > 1.0"))


def test_a_scale_is_tried_with_the_readings_of_its_driver() -> None:
    scale = Device.objects.create(name="scale", driver="lines", port="/dev/ttyUSB0")
    rule = Rule.objects.create(name="heavy")
    RuleSource.objects.create(rule=rule, device=scale)
    rule.sample = "12.5 g"
    rule.condition = "readings.value + 'g' == 'x'"
    assert "condition" in faults_of(rule)
    rule.condition = "readings.value > 12.0 && device == 'scale'"
    assert faults_of(rule) == {}
    rule.sample = ""
    arrived(b"12.5 g", source="device:scale", device="scale", topic="", topic_name="")
    rule.condition = "payload > 1.0"
    assert faults_of(rule)["condition"][0].endswith("(tried on the last message of scale).")


def test_a_device_behind_a_topic_is_read_by_that_topics_codec(topic: Topic) -> None:
    meter = Device.objects.create(name="meter")
    rule = Rule.objects.create(name="power")
    RuleSource.objects.create(rule=rule, device=meter)
    arrived(b'{"t": "warm"}', device="meter")
    rule.condition = "payload.t > 1"
    assert faults_of(rule)["condition"][0].endswith("(tried on the last message of meter).")
    topic.device = meter
    topic.save()
    rule.sample = "{broken"
    assert "sample" in faults_of(rule)


def test_packets_are_tried_as_packets() -> None:
    rule = Rule.objects.create(name="packets")
    RuleSource.objects.create(rule=rule, packets=True)
    rule.sample = '{"device_id": 5}'
    assert "device_id" in faults_of(rule)["sample"][0]


def meter_packet(**values: str) -> bytes:
    return json.dumps({"id": "33B1225950028", "time": "20260112154000", "isend": "1", **values}).encode()


@pytest.fixture
def meter_rule(topic: Topic, rule: Rule) -> Rule:
    Topic.objects.filter(pk=topic.pk).update(codec="kpm33b", filter="MQTT_RT_DATA")
    rule.condition = "payload.ua > 1"
    return rule


def said_by_meter(payload: bytes, **changes: Any) -> None:
    arrived(payload, topic="MQTT_RT_DATA", **changes)


def test_a_ghost_of_a_meter_is_no_sample(meter_rule: Rule) -> None:
    said_by_meter(meter_packet(ua="230"))
    said_by_meter(meter_packet(ua="0", ub="0", time="20260112154001"))
    assert last_sample(meter_rule.sources.all()).variables.payload["ua"] == "230"  # type: ignore[union-attr]


def test_the_parts_of_a_packet_are_one_sample(meter_rule: Rule) -> None:
    said_by_meter(meter_packet(ua="5", isend="0"))
    said_by_meter(meter_packet(ub="6"))
    assert last_sample(meter_rule.sources.all()).variables.payload["ua"] == "5"  # type: ignore[union-attr]


def test_what_was_sent_twice_is_no_sample(rule: Rule) -> None:
    arrived(b'{"t": 5}')
    arrived(b'{"t": "warm"}', duplicate_of=new_id())
    rule.condition = "payload.t > 1"
    assert faults_of(rule) == {}


def test_a_source_that_says_nothing_of_late_is_looked_through(rule: Rule) -> None:
    arrived(b'{"t": "warm"}')
    for _ in range(3):
        arrived(b"{broken now")
    rule.condition = "payload.t > 1"
    assert "condition" in faults_of(rule)


def test_a_wrong_clock_does_not_count(rule: Rule) -> None:
    Topic.objects.update(codec="packet")
    arrived(b'{"device_id": "d", "timestamp": "1999-01-01T00:00:00Z", "measurements": {"t": 5}}')
    assert last_sample(rule.sources.all()).variables.time == NOW  # type: ignore[union-attr]
