"""What a Rule, its sources and its actions may be, as every way of editing them checks."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db.models import Model

from bridges.models import Broker, Rule, RuleAction, RuleSource, Topic
from devices.models import Device

pytestmark = pytest.mark.django_db


def faults_of(row: Model) -> dict[str, list[str]]:
    try:
        row.full_clean()
    except ValidationError as fault:
        return fault.message_dict
    return {}


def heat(**changes: Any) -> Rule:
    return Rule(**{"name": "heat"} | changes)


def test_a_rule_with_expressions_is_good() -> None:
    assert faults_of(heat(condition="readings.t > 1.0", transform='{"id": "device", "t": "readings.t"}')) == {}


@pytest.mark.parametrize("name", ["", "a/b", "two\nlines", "x" * 101])
def test_a_rule_name_is_one_line_without_slashes(name: str) -> None:
    assert "name" in faults_of(heat(name=name))


def test_a_condition_that_is_no_expression_is_told_at_its_field() -> None:
    faults = faults_of(heat(condition="readings.t = 1"))
    assert list(faults) == ["condition"]
    assert "==" in faults["condition"][0]


@pytest.mark.parametrize(
    ("transform", "said"),
    [
        ("{", "not JSON"),
        ("[]", "must be a JSON object"),
        ("5", "must be a JSON object"),
        ('"text"', "must be a JSON object"),
        ('{"a": 5}', "a: an expression is written as text"),
        ('{"a": ["device"]}', "a: an expression is written as text"),
        ('{"a": "device", "a": "topic"}', "a: this key stands here twice"),
        ('{"a": "device", "b": "nope.x"}', "b: "),
        ("[" * 10_000, ""),
    ],
)
def test_a_wrong_transform_is_told_at_its_field_with_the_key(transform: str, said: str) -> None:
    faults = faults_of(heat(transform=transform))
    assert list(faults) == ["transform"]
    assert said in faults["transform"][0]


def test_every_wrong_expression_is_told() -> None:
    faults = faults_of(heat(condition="(", transform='{"a": ")", "b": "("}'))
    assert (len(faults["condition"]), len(faults["transform"])) == (1, 2)


def test_a_name_never_changes() -> None:
    heat().save()
    rule = Rule.objects.get()
    rule.name = "cold"
    assert "stays 'heat'" in faults_of(rule)["name"][0]


def test_a_rule_that_cannot_do_anything_brings_a_warning() -> None:
    rule = Rule.objects.create(name="heat")
    assert [warning.split()[1] for warning in rule.warnings()] == ["a", "an"]
    RuleSource.objects.create(rule=rule, packets=True)
    assert len(Rule.objects.get().warnings()) == 1


class TestParts:
    """Sources and actions."""

    @pytest.fixture(autouse=True)
    def _rows(self) -> None:
        plant = Broker.objects.create(name="plant", host="localhost")
        self.source = Topic.objects.create(name="in", broker=plant, filter="a")
        self.target = Topic.objects.create(name="out", broker=plant, filter="b", direction="out")
        self.meter = Device.objects.create(name="meter")
        self.printer = Device.objects.create(name="printer", driver="escpos", port="/dev/ttyUSB0")
        self.rule = Rule.objects.create(name="heat")

    def test_a_source_is_an_in_topic_a_device_or_packets(self) -> None:
        for part in ({"topic": self.source}, {"device": self.meter}, {"packets": True}):
            assert faults_of(RuleSource(rule=self.rule, **part)) == {}

    def test_an_out_topic_is_no_source(self) -> None:
        assert "The hub publishes to out" in faults_of(RuleSource(rule=self.rule, topic=self.target))["topic"][0]

    def test_a_source_is_exactly_one_thing(self) -> None:
        for part in ({}, {"topic": self.source, "packets": True}, {"topic": self.source, "device": self.meter}):
            assert list(faults_of(RuleSource(rule=self.rule, **part))) == ["topic"]

    def test_an_action_publishes_to_an_out_topic_or_writes_to_a_serial_device(self) -> None:
        assert faults_of(RuleAction(rule=self.rule, kind="publish", topic=self.target)) == {}
        assert faults_of(RuleAction(rule=self.rule, kind="write", device=self.printer)) == {}

    @pytest.mark.parametrize(
        ("kind", "topic", "device", "field", "said"),
        [
            ("publish", "source", None, "topic", "needs an out-topic"),
            ("publish", None, None, "topic", "name a topic"),
            ("publish", "target", "printer", "device", "name a topic only"),
            ("write", None, "meter", "device", "has no driver"),
            ("write", None, None, "device", "name a device"),
            ("write", "target", "printer", "topic", "name a device only"),
        ],
    )
    def test_a_wrong_target_is_told_at_its_field(
        self, kind: str, topic: str | None, device: str | None, field: str, said: str
    ) -> None:
        action = RuleAction(
            rule=self.rule,
            kind=kind,
            topic=getattr(self, topic) if topic else None,
            device=getattr(self, device) if device else None,
        )
        faults = faults_of(action)
        assert list(faults) == [field]
        assert said in faults[field][0]

    def test_a_new_version_follows_each_save(self) -> None:
        version = self.rule.version
        self.rule.save()
        assert Rule.objects.get().version == version + 1
