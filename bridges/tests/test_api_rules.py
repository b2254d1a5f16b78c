"""`rules` over REST: one object with its sources and actions, and the trial on a sample."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bridges.models import Broker, Meter, Rule, RuleAction, RuleSource, Topic
from devices.models import Device
from telemetry.tests.api_support import staff_client

pytestmark = pytest.mark.django_db
URL = "/api/v1/rules"
RULE: dict[str, Any] = {
    "name": "meter to central",
    "sources": [{"topic": "meters"}, {"device": "scale"}, {"packets": True}],
    "condition": "readings.power >= 0.0",
    "transform": {"z": "device", "a": "payload.time", "m": "readings.power"},
    "actions": [{"publish": "central"}, {"write": "scale"}],
}


@pytest.fixture
def client() -> Client:
    broker = Broker.objects.create(name="plant", host="h")
    Device.objects.create(name="scale", driver="lines", port="/dev/scale")
    Topic.objects.create(name="meters", broker=broker, direction="in", filter="rt/+", codec="json")
    Topic.objects.create(name="central", broker=broker, direction="out", filter="out/{device}/x")
    return staff_client()


def send(client: Client, method: str, url: str, body: Any = None) -> Any:
    return getattr(client, method)(url, body, content_type="application/json")


def places(answer: Any) -> list[str]:
    return [error["path"] for error in answer.json()["errors"]]


def test_a_rule_comes_back_as_it_was_given_with_the_order_of_its_transform(client: Client) -> None:
    answer = send(client, "post", URL, RULE)
    assert answer.status_code == 201
    body = client.get(f"{URL}/meter%20to%20central").json()
    assert {key: body[key] for key in RULE} == RULE
    assert list(body["transform"]) == ["z", "a", "m"]
    assert (body["version"], body["enabled"]) == (1, True)


def test_a_change_raises_the_version_and_replaces_only_what_was_given(client: Client) -> None:
    send(client, "post", URL, RULE)
    body = send(client, "patch", f"{URL}/meter to central", {"actions": [{"publish": "central"}]}).json()
    assert (body["version"], body["actions"], body["sources"]) == (2, [{"publish": "central"}], RULE["sources"])
    assert (RuleAction.objects.count(), RuleSource.objects.count()) == (1, 3)


def test_a_null_transform_passes_the_payload_on(client: Client) -> None:
    body = send(client, "post", URL, RULE | {"transform": None}).json()
    assert body["transform"] is None
    assert Rule.objects.get().transform == ""


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"sources": [{"topic": "nope"}]}, "/sources/0/topic"),
        ({"sources": [{"packets": True}, {"topic": "meters", "packets": True}]}, "/sources/1"),
        ({"sources": [{}]}, "/sources/0"),
        ({"sources": [{"packets": False}]}, "/sources/0"),
        ({"sources": [{"topic": "central"}]}, "/sources/0/topic"),
        ({"sources": {}}, "/sources"),
        ({"actions": [{"publish": "central"}, {"publish": "meters"}]}, "/actions/1/publish"),
        ({"actions": [{"write": "nobody"}]}, "/actions/0/write"),
        ({"actions": [{"shout": "x"}]}, "/actions/0/shout"),
        ({"condition": "readings.power >"}, "/condition"),
        ({"condition": "x" * 3000}, "/condition"),
        ({"transform": {"a": "1 +"}}, "/transform"),
        ({"transform": {"a": {}}}, "/transform"),
        ({"transform": []}, "/transform"),
        ({"transform": {"a": "'\x00'"}}, "/transform"),
        ({"name": "a/b"}, "/name"),
    ],
)
def test_a_fault_is_named_by_its_place(client: Client, change: dict[str, Any], place: str) -> None:
    answer = send(client, "post", URL, RULE | change)
    assert answer.status_code == 400
    assert places(answer) == [place]
    assert not Rule.objects.exists()


def test_a_rule_that_is_refused_leaves_the_old_one_whole(client: Client) -> None:
    before = send(client, "post", URL, RULE).json()
    assert send(client, "put", f"{URL}/meter to central", RULE | {"actions": [{"write": "nobody"}]}).status_code == 400
    assert client.get(f"{URL}/meter to central").json() == before


def try_it(client: Client, **sample: Any) -> dict[str, Any]:
    answer = send(client, "post", f"{URL}/meter to central/try", sample)
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = answer.json()
    return body


def test_a_trial_shows_what_the_rule_would_publish_and_where(client: Client) -> None:
    send(client, "post", URL, RULE | {"condition": "payload.power > 2.0", "transform": {"p": "payload.power"}})
    body = try_it(client, payload={"power": 3.5}, topic="rt/7", device="meter-7")
    assert (body["matched"], body["output"], body["fault"]) == (True, {"p": 3.5}, "")
    assert body["addresses"] == [{"publish": "central", "address": "out/meter-7/x", "fault": ""}]


def test_a_trial_says_when_the_rule_does_not_match_or_the_sample_lacks_something(client: Client) -> None:
    send(client, "post", URL, RULE | {"condition": "payload.power > 2.0"})
    assert (try_it(client, payload={"power": 1.0})["matched"], try_it(client, payload={})["is_missing"]) == (
        False,
        True,
    )


def test_a_trial_names_the_expression_that_fails(client: Client) -> None:
    send(client, "post", URL, RULE | {"condition": "", "transform": {"a": "payload.text + 1"}})
    body = try_it(client, payload={"text": "x"})
    assert (body["matched"], body["field"]) == (False, "transform.a")
    assert body["fault"]


def test_a_trial_uses_expressions_that_are_not_saved_yet(client: Client) -> None:
    send(client, "post", URL, RULE)
    body = try_it(client, payload="21.5 kg", device="scale", condition="", transform={"d": "device"})
    assert (body["matched"], body["output"]) == (True, {"d": "scale"})
    body = try_it(client, payload={}, condition="1 +")
    assert (body["matched"], body["field"]) == (False, "condition")


def test_a_trial_reads_as_the_hub_would_when_it_arrives(client: Client) -> None:
    """The codec of the topic that a device is behind, and what is configured of a meter."""
    meter = Device.objects.create(name="33B1225950028")
    Meter.objects.create(name=meter.name, broker=Broker.objects.get(), context="hall 3")
    Topic.objects.filter(name="meters").update(codec="kpm33b", device=meter)
    rule = {"sources": [{"device": meter.name}], "transform": {"c": "payload.context", "u": "readings.voltage_l1"}}
    send(client, "post", URL, RULE | rule | {"condition": ""})
    packet = {"id": meter.name, "time": "20260112154000", "isend": "1", "ua": "230.5"}
    body = try_it(client, payload=packet, topic="MQTT_RT_DATA")
    assert (body["fault"], body["output"]) == ("", {"c": "hall 3", "u": 230.5})


def test_a_trial_of_a_payload_that_cannot_be_read_says_so(client: Client) -> None:
    send(client, "post", URL, RULE)
    body = try_it(client, payload="no JSON", topic="meters")
    assert (body["matched"], body["field"]) == (False, "payload")


def test_a_trial_stores_nothing(client: Client) -> None:
    send(client, "post", URL, RULE | {"condition": ""})
    before = json.dumps(client.get(URL).json())
    try_it(client, payload={"power": 3.5}, transform=None)
    assert json.dumps(client.get(URL).json()) == before
    assert client.get("/api/v1/deliveries").json()["count"] == 0


def test_a_change_takes_few_statements_and_a_list_as_many_for_three_rules_as_for_one(
    client: Client, django_assert_max_num_queries: Any, django_assert_num_queries: Any
) -> None:
    rule = {"sources": [{"topic": "meters"}], "actions": [{"publish": "central"}]}
    send(client, "post", URL, rule | {"name": "one"})
    with CaptureQueriesContext(connection) as alone:
        client.get(URL)
    count = len(alone)
    assert count
    send(client, "post", URL, rule | {"name": "two"})
    send(client, "post", URL, rule | {"name": "three"})
    with django_assert_num_queries(count):
        assert len(client.get(URL).json()["results"]) == 3
    with django_assert_max_num_queries(26):
        assert send(client, "put", f"{URL}/one", rule | {"name": "one"}).status_code == 200
