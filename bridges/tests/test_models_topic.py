"""What a Topic may be, as every way of editing it checks."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from bridges.models import Broker, Rule, RuleAction, RuleSource, Topic

pytestmark = pytest.mark.django_db


@pytest.fixture
def plant() -> Broker:
    return Broker.objects.create(name="plant", host="localhost")


def faults_of(topic: Topic) -> dict[str, list[str]]:
    try:
        topic.full_clean()
    except ValidationError as fault:
        return fault.message_dict
    return {}


def topic(broker: Broker, **changes: Any) -> Topic:
    return Topic(**{"name": "t", "broker": broker, "filter": "a/+/#"} | changes)


def test_a_filter_and_a_template_are_good(plant: Broker) -> None:
    assert faults_of(topic(plant)) == {}
    assert faults_of(topic(plant, direction="out", filter="a/{device}/{topic[1]}/{payload.x}")) == {}


@pytest.mark.parametrize(
    ("direction", "text", "said"),
    [
        ("in", "a/#/b", "'#' must be the last level."),
        ("in", "a/b+", "'+' must be a whole level"),
        ("in", "$share/a", "$share/GROUP/FILTER"),
        ("out", "a/+", "'+'"),
        ("out", "a/{nothing}", "{nothing}"),
        ("out", "a/{device", "'{'"),
    ],
)
def test_a_wrong_topic_is_explained_at_its_field(plant: Broker, direction: str, text: str, said: str) -> None:
    faults = faults_of(topic(plant, direction=direction, filter=text))
    assert list(faults) == ["filter"]
    assert said in faults["filter"][0]


def test_an_empty_topic_is_told_once(plant: Broker) -> None:
    assert faults_of(topic(plant, filter="")) == {"filter": ["This field cannot be blank."]}


def test_a_filter_is_subscribed_once_at_a_broker(plant: Broker) -> None:
    topic(plant).save()
    assert "topic t subscribes to this already" in faults_of(topic(plant, name="u"))["filter"][0]
    assert faults_of(topic(Broker.objects.create(name="other", host="localhost"), name="u")) == {}


def test_many_may_publish_to_one_topic(plant: Broker) -> None:
    topic(plant, direction="out", filter="x").save()
    assert faults_of(topic(plant, name="u", direction="out", filter="x")) == {}


def test_a_topic_without_a_broker_is_told_so_and_nothing_else() -> None:
    assert list(faults_of(Topic(name="t", filter="a"))) == ["broker"]


def test_a_topic_that_a_rule_reads_keeps_its_direction(plant: Broker) -> None:
    row = topic(plant, filter="a")
    row.save()
    RuleSource.objects.create(rule=Rule.objects.create(name="heat"), topic=row)
    row.direction = "out"
    assert "heat" in faults_of(row)["direction"][0]


def test_a_topic_that_a_rule_publishes_to_keeps_its_direction(plant: Broker) -> None:
    row = topic(plant, filter="a", direction="out")
    row.save()
    RuleAction.objects.create(rule=Rule.objects.create(name="heat"), kind="publish", topic=row)
    row.direction = "in"
    assert "heat" in faults_of(row)["direction"][0]


def test_a_name_never_changes(plant: Broker) -> None:
    topic(plant).save()
    row = Topic.objects.get()
    row.name = "other"
    assert "stays 't'" in faults_of(row)["name"][0]


@pytest.mark.parametrize(("protocol", "said"), [(5, "twice"), (4, "more specific")])
def test_an_overlap_brings_a_warning_and_no_fault(plant: Broker, protocol: int, said: str) -> None:
    plant.protocol = protocol
    plant.save()
    topic(plant).save()
    other = topic(plant, name="u", filter="a/b/c")
    assert faults_of(other) == {}
    (warning,) = other.warnings()
    assert "topic t (a/+/#)" in warning
    assert said in warning


@pytest.mark.parametrize(
    "changes", [{"filter": "b"}, {"direction": "out"}, {"is_enabled": False}], ids=["apart", "out", "disabled"]
)
def test_what_does_not_overlap_brings_no_warning(plant: Broker, changes: dict[str, Any]) -> None:
    topic(plant).save()
    assert topic(plant, **{"name": "u", "filter": "a/b"} | changes).warnings() == []
    assert Topic.objects.get().warnings() == []


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"codec": "jsn"}, "codec", "There is no codec 'jsn'; known are json"),
        ({"codec_options": {"device_kee": "id"}}, "codec_options", "device_kee: is not an option here"),
        ({"codec_options": {"zone": "Mars/Base"}}, "codec_options", "zone: 'Mars/Base' is no time zone"),
        ({"codec_options": ["id"]}, "codec_options", "JSON object"),
    ],
)
def test_a_wrong_codec_or_option_is_named(plant: Broker, changes: dict[str, Any], field: str, said: str) -> None:
    faults = faults_of(topic(plant, **changes))
    assert list(faults) == [field]
    assert said in faults[field][0]
