"""What the documentation says of an answer is what is answered: the same keys, no more and no fewer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.serializers import Serializer

from telemetry.api import shapes
from telemetry.api.messages import message_shape, packet_shapes
from telemetry.api.outbox import delivery_shape
from telemetry.api.status import read_status
from telemetry.models import DeadLetter, Delivery, LedgerEntry, LinkStatus, Message, StoredReading
from telemetry.tests.api_support import NOON, add_message, id_at, staff_client

pytestmark = pytest.mark.django_db


def keys_of(shape: type[Serializer[Any]]) -> set[str]:
    return set(shape().fields)


def add_delivery(message: Message) -> Delivery:
    return Delivery.objects.create(
        created_at=NOON, message_id=message.id, source="packets", kind="publish", target="broker:plant", payload=b"{}"
    )


@pytest.mark.parametrize("is_whole", [False, True])
def test_a_message_has_the_keys_that_are_documented(is_whole: bool) -> None:
    assert message_shape(add_message(), is_whole=is_whole).keys() == keys_of(shapes.MessageShape)


def test_a_packet_and_its_deliveries_have_the_keys_that_are_documented() -> None:
    row = add_message(source="packets")
    add_delivery(row)
    (packet,) = packet_shapes([row])
    assert packet.keys() == keys_of(shapes.PacketShape)
    assert packet["deliveries"][0].keys() == keys_of(shapes.PacketDeliveryShape)


def test_a_delivery_has_the_keys_that_are_documented() -> None:
    assert delivery_shape(add_delivery(add_message())).keys() == keys_of(shapes.DeliveryShape)


def test_a_dead_letter_has_the_keys_that_are_documented() -> None:
    DeadLetter.objects.create(
        id=id_at(NOON), created_at=NOON, source="packets", stage="decode", payload=b"{", reason=""
    )
    (found,) = staff_client().get("/api/v1/dead-letters").json()["results"]
    assert found.keys() == keys_of(shapes.DeadLetterShape)


def test_readings_and_buckets_have_the_keys_that_are_documented() -> None:
    StoredReading.objects.create(
        id=id_at(NOON), message_id=id_at(NOON), device="d", metric="t", value=1.0, unit="C", time=NOON
    )
    client = staff_client()
    (raw,) = client.get("/api/v1/readings").json()["results"]
    span = {"bucket": "1h", "start_time": "2026-03-01T00:00:00Z", "end_time": "2026-03-02T00:00:00Z"}
    (bucket,) = client.get("/api/v1/readings", span).json()["results"]
    assert raw.keys() | bucket.keys() == keys_of(shapes.ReadingShape)


def test_the_status_has_the_keys_that_are_documented() -> None:
    LinkStatus.objects.create(key="broker:plant", state="connected")
    LedgerEntry.objects.create(link="broker:plant", hour=NOON)
    add_delivery(add_message())
    said = read_status(datetime.now(UTC))
    assert said.keys() == keys_of(shapes.StatusShape)
    assert said["links"][0].keys() == keys_of(shapes.LinkShape)
    assert said["queues"][0].keys() == keys_of(shapes.QueueShape)
