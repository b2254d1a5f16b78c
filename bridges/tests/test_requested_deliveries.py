"""What is asked for by the web waits in the outbox, is booked, and can be sent again once it failed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest

from bridges.intake import stop_intake
from bridges.requested_deliveries import DeliveryNotRedrivable, DeviceNotWritable, redrive, submit_write
from devices.models import Device
from telemetry.models import Delivery, LedgerEntry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def end_intake() -> Iterator[None]:
    yield
    stop_intake()


def serial_device(**fields: object) -> Device:
    return Device.objects.create(name="scale", driver="lines", port="/dev/ttyUSB0", **fields)


def test_a_write_waits_in_the_outbox_and_is_booked() -> None:
    device = serial_device(write_expiry_s=60)
    made = submit_write("scale", b"w", owner="key:a")
    row = Delivery.objects.get()
    assert (row.id, row.target, bytes(row.payload), row.source) == (made, device.link_key, b"w", "key:a")
    assert row.expires_at == row.created_at + timedelta(seconds=60)
    assert LedgerEntry.objects.get(link=device.link_key).created == 1


def test_only_a_device_with_a_port_can_be_written_to() -> None:
    Device.objects.create(name="sensor")
    for name in ("sensor", "nobody"):
        with pytest.raises(DeviceNotWritable):
            submit_write(name, b"w", owner="me")


def test_a_dead_delivery_is_sent_again_and_the_ledger_still_balances() -> None:
    serial_device()
    made = submit_write("scale", b"w", owner="me")
    Delivery.objects.update(state="dead", reason="no")
    LedgerEntry.objects.update(refused=1)
    redrive(made)
    row = Delivery.objects.get()
    assert (row.state, row.reason, LedgerEntry.objects.get().refused) == ("waiting", "", 0)


@pytest.mark.parametrize("state", ["waiting", "sending", "delivered"])
def test_a_delivery_that_is_not_settled_badly_is_not_sent_again(state: str) -> None:
    serial_device()
    made = submit_write("scale", b"w", owner="me")
    Delivery.objects.update(state=state)
    with pytest.raises(DeliveryNotRedrivable):
        redrive(made)


def test_what_does_not_exist_is_not_sent_again() -> None:
    with pytest.raises(DeliveryNotRedrivable):
        redrive(uuid4())
