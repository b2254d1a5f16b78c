"""Printing again, over REST."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from bridges import intake
from devices.models import Device
from telemetry.ids import new_id
from telemetry.models import Delivery, LedgerEntry
from telemetry.tests.api_support import staff_client

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client() -> Client:
    Device.objects.create(name="printer", driver="escpos", port="/dev/printer", write_expiry_s=60)
    return staff_client()


@pytest.fixture(autouse=True)
def fresh_intake() -> Iterator[None]:
    """No committer outlives the test's database."""
    yield
    intake.stop_intake()


def delivery(state: str = "delivered", *, kind: str = "write", **properties: str) -> Delivery:
    return Delivery.objects.create(
        id=new_id(), created_at=datetime.now(UTC), source="broker:plant", kind=kind, target="device:printer",
        payload=b"a receipt", state=state, properties=properties, message_id=uuid4(), rule="print",
    )  # fmt: skip


def repeat(client: Client, row_id: UUID) -> Any:
    return client.post(f"/api/v1/deliveries/{row_id}/repeat")


def test_what_was_printed_is_printed_again_as_a_delivery_of_its_own(client: Client) -> None:
    first = delivery(form="ticket", via="3", reply_to="elsewhere", wait_s="5")
    answer = repeat(client, first.id)
    assert answer.status_code == 202
    again = Delivery.objects.get(id=answer.json()["delivery"])
    assert (bytes(again.payload), again.state, again.target, again.kind) == (
        b"a receipt", "waiting", "device:printer", "write",
    )  # fmt: skip
    assert again.properties == {"form": "ticket", "repeats": str(first.id)}
    assert again.source.startswith("user:")
    assert again.expires_at is not None
    first.refresh_from_db()
    assert first.state == "delivered"
    assert LedgerEntry.objects.get(link="device:printer").created == 1


@pytest.mark.parametrize("state", ["waiting", "sending", "dead", "expired", "unknown"])
def test_only_what_was_delivered_is_repeated(client: Client, state: str) -> None:
    answer = repeat(client, delivery(state).id)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_repeatable")
    assert Delivery.objects.count() == 1


def test_a_publication_is_not_repeated(client: Client) -> None:
    assert repeat(client, delivery(kind="publish").id).json()["code"] == "not_repeatable"


def test_an_unknown_delivery_is_not_found(client: Client) -> None:
    assert repeat(client, uuid4()).status_code == 404


def test_a_printer_that_is_disabled_or_gone_prints_nothing_again(client: Client) -> None:
    row = delivery()
    Device.objects.update(is_enabled=False)
    assert repeat(client, row.id).json()["code"] == "device_disabled"
    Device.objects.all().delete()
    assert repeat(client, row.id).json()["code"] == "not_writable"


def test_it_takes_the_scope_for_commands(client: Client) -> None:
    row = delivery()
    assert Client().post(f"/api/v1/deliveries/{row.id}/repeat").status_code in (401, 403)


def test_a_ticket_that_could_not_be_made_is_not_sent_as_it_is(client: Client) -> None:
    row = delivery("dead", form="unmade")
    answer = client.post(f"/api/v1/deliveries/{row.id}/redrive")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_redrivable")
    assert "template" in answer.json()["detail"]
