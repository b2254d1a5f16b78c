"""The first start from `.env` alone: rows that are made once and are nobody's but the user's afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from bridges.models import Broker, Rule, RuleAction, RuleSource, Topic
from bridges.pipeline.compilation import compile_snapshot
from bridges.pipeline.default_rule import RULE
from hub.mqtt_from_environment import make_rows

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def environment(settings: Any) -> Any:
    settings.PATCHBAY_MQTT_URL = "mqtts://user:p%40ss@broker.example.org"
    settings.PATCHBAY_MQTT_SUBSCRIBE_TOPIC = "sensors/#"
    settings.PATCHBAY_MQTT_PUBLISH_TOPIC = "hub/packets"
    return settings


def test_the_first_start_makes_a_broker_and_two_topics() -> None:
    assert make_rows() == ["broker env", "topic env-subscribe", "topic env-publish"]

    broker = Broker.objects.get(name="env")
    assert (broker.host, broker.port, broker.username, broker.password) == ("broker.example.org", 8883, "user", "p@ss")
    assert broker.tls_enabled
    topics = broker.topics.order_by("name").values_list("name", "direction", "filter", "codec")
    assert list(topics) == [
        ("env-publish", "out", "hub/packets", "json"),
        ("env-subscribe", "in", "sensors/#", "sensor"),
    ]


@pytest.mark.parametrize(
    ("where", "options"),
    [
        ("sensors/#", {"device_level": 2}),
        ("+/state", {"device_level": 1}),
        ("$share/hub/house/+/state/#", {"device_level": 2}),
        ("sensors/attic", {}),
    ],
)
def test_boards_that_say_no_name_are_called_by_the_level_that_the_filter_leaves_open(
    environment: Any, where: str, options: dict[str, int]
) -> None:
    environment.PATCHBAY_MQTT_SUBSCRIBE_TOPIC = where
    make_rows()
    assert Topic.objects.get(name="env-subscribe").codec_options == options


def test_a_plain_address_has_the_plain_port(environment: Any) -> None:
    environment.PATCHBAY_MQTT_URL = "mqtt://127.0.0.1:11883"
    make_rows()

    broker = Broker.objects.get(name="env")
    assert (broker.port, broker.tls_enabled, broker.username) == (11883, False, "")


def test_later_starts_change_nothing(environment: Any) -> None:
    make_rows()
    Broker.objects.update(host="elsewhere.example.org")
    Topic.objects.filter(name="env-publish").delete()
    environment.PATCHBAY_MQTT_SUBSCRIBE_TOPIC = "other/#"

    assert make_rows() == []
    assert Broker.objects.get().host == "elsewhere.example.org"
    assert list(Topic.objects.values_list("filter", flat=True)) == ["sensors/#"]


def test_what_a_person_took_away_does_not_come_back() -> None:
    make_rows()
    Broker.objects.all().delete()

    assert make_rows() == []
    assert not Broker.objects.exists()


def test_a_broker_of_that_name_is_never_overwritten() -> None:
    Broker.objects.create(name="env", host="mine.example.org")

    assert make_rows() == []
    assert Broker.objects.get().host == "mine.example.org"


def test_without_an_address_nothing_is_made_and_a_later_one_still_is(environment: Any) -> None:
    address, environment.PATCHBAY_MQTT_URL = environment.PATCHBAY_MQTT_URL, ""
    assert make_rows() == []
    environment.PATCHBAY_MQTT_URL = address
    assert make_rows() != []


def test_a_topic_that_cannot_be_used_is_named_and_nothing_is_made(environment: Any) -> None:
    environment.PATCHBAY_MQTT_PUBLISH_TOPIC = "hub/{nonsense}"

    with pytest.raises(CommandError, match=r"^MQTT_PUBLISH_TOPIC cannot be used"):
        call_command("make_first_rows")
    assert not Broker.objects.exists()

    environment.PATCHBAY_MQTT_PUBLISH_TOPIC = "hub/packets"
    call_command("make_first_rows")
    assert Topic.objects.filter(name="env-publish").exists()


def test_packets_that_no_rule_takes_go_to_the_publish_topic() -> None:
    assert compile_snapshot().rules_by_packets == ()
    make_rows()

    (default,) = compile_snapshot().rules_by_packets
    action: Any = default.actions[0]
    assert (default.rule.name, action.topic_name, action.target) == (RULE, "env-publish", "broker:env")


def test_a_rule_for_packets_takes_the_place_of_the_publish_topic() -> None:
    make_rows()
    rule = Rule.objects.create(name="mine")
    RuleSource.objects.create(rule=rule, packets=True)
    RuleAction.objects.create(rule=rule, kind="publish", topic=Topic.objects.get(name="env-publish"))

    assert [active.rule.name for active in compile_snapshot().rules_by_packets] == ["mine"]


def test_a_disabled_publish_topic_takes_nothing() -> None:
    make_rows()
    Topic.objects.filter(name="env-publish").update(is_enabled=False)

    assert compile_snapshot().rules_by_packets == ()
