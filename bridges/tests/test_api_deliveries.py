"""Commands to devices and deliveries sent again, over REST."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from bridges import intake
from devices.models import Device
from telemetry.ids import new_id
from telemetry.models import Delivery
from telemetry.tests.api_support import staff_client

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client() -> Client:
    Device.objects.create(name="scale", driver="lines", port="/dev/scale")
    return staff_client()


@pytest.fixture(autouse=True)
def fresh_intake() -> Iterator[None]:
    """No committer outlives the test's database."""
    yield
    intake.stop_intake()


def command(client: Client, body: Any, device: str = "scale") -> Any:
    return client.post(f"/api/v1/devices/{device}/commands", body, content_type="application/json")


@pytest.mark.parametrize(
    ("body", "written"),
    [({"payload": "w"}, b"w"), ({"hex": "77fF00"}, b"w\xff\x00"), ({"payload": " ä\n"}, " ä\n".encode())],
)
def test_a_command_becomes_a_delivery_to_the_device(client: Client, body: Any, written: bytes) -> None:
    answer = command(client, body)
    assert answer.status_code == 202
    delivery = Delivery.objects.get(id=answer.json()["delivery"])
    assert (bytes(delivery.payload), delivery.target, delivery.kind, delivery.state) == (
        written, "device:scale", "write", "waiting",
    )  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"payload": "a", "hex": "61"},
        {"payload": "a", "command": "tare"},
        {"hex": "7"},
        {"hex": "zz"},
        {"payload": 5, "x": 1},
        {"payload": None},
        [],
    ],
)
def test_a_command_that_is_not_one_text_or_hexadecimal_is_refused(client: Client, body: Any) -> None:
    answer = command(client, body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert not Delivery.objects.exists()


def test_a_command_to_nobody_is_a_problem(client: Client) -> None:
    assert command(client, {"payload": "w"}, "nobody").json()["code"] == "not_found"


def test_a_device_without_a_port_or_disabled_takes_no_command(client: Client) -> None:
    Device.objects.create(name="meter")
    assert command(client, {"payload": "w"}, "meter").json()["code"] == "not_writable"
    Device.objects.create(name="off", driver="lines", port="/dev/off", is_enabled=False)
    assert command(client, {"payload": "w"}, "off").json()["code"] == "device_disabled"
    assert not Delivery.objects.exists()


def add_delivery(state: str) -> Delivery:
    return Delivery.objects.create(
        id=new_id(), created_at=datetime.now(UTC), source="packets", kind="write", target="device:scale",
        payload=b"x", state=state, reason="r",
    )  # fmt: skip


def test_a_dead_delivery_is_sent_again(client: Client) -> None:
    delivery = add_delivery("dead")
    answer = client.post(f"/api/v1/deliveries/{delivery.id}/redrive")
    assert answer.status_code == 202
    delivery.refresh_from_db()
    assert (delivery.state, delivery.reason) == ("waiting", "")


def test_a_delivery_that_was_delivered_is_not_sent_again(client: Client) -> None:
    delivery = add_delivery("delivered")
    answer = client.post(f"/api/v1/deliveries/{delivery.id}/redrive")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_redrivable")


def test_a_delivery_that_is_not_there_is_a_problem(client: Client) -> None:
    assert client.post(f"/api/v1/deliveries/{uuid4()}/redrive").status_code == 404
