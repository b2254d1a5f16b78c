"""`GET deliveries` and `GET dead-letters`."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.test import Client

from telemetry.api.outbox import find_deliveries
from telemetry.models import DeadLetter, Delivery
from telemetry.tests.api_support import NOON, add_message, id_at, staff_client

pytestmark = pytest.mark.django_db
STATES, KINDS = Delivery.State.values, ["publish", "write", "webhook"]


@pytest.fixture
def client() -> Client:
    return staff_client()


def add_delivery(seconds: int, **values: Any) -> Delivery:
    at = NOON + timedelta(seconds=seconds)
    given = {"source": "packets", "kind": "publish", "target": "broker:plant", "payload": b"x"} | values
    return Delivery.objects.create(id=id_at(at), created_at=at, **given)


def ids(client: Client, url: str, **query: Any) -> list[str]:
    answer = client.get(url, query)
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


def test_deliveries_are_found_by_state_target_rule_message_and_span(client: Client) -> None:
    message = add_message(0)
    wanted = add_delivery(5, state="dead", target="device:printer", rule="print weights", message_id=message.id)
    add_delivery(0)
    add_delivery(9)
    url = "/api/v1/deliveries"
    for query in (
        {"state": "dead"},
        {"target": "device:printer"},
        {"rule": "print weights"},
        {"message": str(message.id)},
        {"start_time": "2026-03-01T12:00:01Z", "end_time": "2026-03-01T12:00:09Z"},
    ):
        assert ids(client, url, **query) == [str(wanted.id)], query


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({"state": "waiting"}, "delivery_open"),
        ({"state": "unknown"}, "delivery_failed"),
        ({"state": "expired"}, "delivery_expired"),
        ({"kind": "webhook"}, "delivery_unusual_kind"),
        ({"target": "webhook:alarm"}, "delivery_target"),
        ({"rule": "alarm"}, "delivery_rule"),
    ],
)
@pytest.mark.database("sqlite")
def test_rare_deliveries_are_found_by_an_index(query: dict[str, str], index: str) -> None:
    assert f"INDEX {index}" in find_deliveries(query).order_by("-id").explain()


def test_each_state_and_kind_finds_its_own(client: Client) -> None:
    made = {pair: add_delivery(n, state=pair[0], kind=pair[1]) for n, pair in enumerate(product(STATES, KINDS))}
    for (state, kind), row in made.items():
        assert ids(client, "/api/v1/deliveries", state=state, kind=kind) == [str(row.id)]


@pytest.mark.parametrize(("name", "value"), [("state", "gone"), ("message", "x"), ("until", "x")])
def test_a_bad_parameter_of_deliveries_is_named(client: Client, name: str, value: str) -> None:
    answer = client.get("/api/v1/deliveries", {name: value})
    assert answer.status_code == 400
    assert [error["path"] for error in answer.json()["errors"]] == [name]


def test_a_dead_letter_shows_the_payload_of_its_message(client: Client) -> None:
    message = add_message(0, payload=b"half a frame")
    row = DeadLetter.objects.create(
        id=id_at(NOON), created_at=NOON, message_id=message.id, source="broker:plant", stage="decode",
        reason="not JSON", payload=b"",
    )  # fmt: skip
    shown = client.get("/api/v1/dead-letters").json()["results"][0]
    assert (shown["id"], shown["text"], shown["reason"]) == (str(row.id), "half a frame", "not JSON")


def test_dead_letters_are_found_by_stage_rule_source_and_whether_they_are_settled(client: Client) -> None:
    common = {"created_at": NOON, "reason": "r", "payload": b"x"}
    wanted = DeadLetter.objects.create(
        id=id_at(NOON), source="device:scale", stage="rule", rule="a", resolved_at=NOON, **common
    )
    DeadLetter.objects.create(id=id_at(NOON, 1), source="packets", stage="decode", **common)
    for query in ({"stage": "rule"}, {"rule": "a"}, {"source": "device:scale"}, {"resolved": "true"}):
        assert ids(client, "/api/v1/dead-letters", **query) == [str(wanted.id)], query
    assert len(ids(client, "/api/v1/dead-letters", resolved="false")) == 1


def test_a_delivery_shows_its_result_and_is_found_by_kind(client: Client) -> None:
    add_delivery(0)
    run = add_delivery(1, kind="script", target="script:heat", state="dead", result={"exit_code": 3})
    (shown,) = client.get("/api/v1/deliveries", {"kind": "script"}).json()["results"]
    assert (shown["id"], shown["result"]) == (str(run.id), {"exit_code": 3})
