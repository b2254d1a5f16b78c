"""Deliveries that a person or a program asks for by the web: a write, a repetition, a failed one once more.

Each is one small transaction of the request's own, booked in the ledger; then its courier is woken.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

from bridges import intake
from bridges.couriers import waiting
from bridges.pipeline.ticket_payloads import UNMADE
from devices.answers import WAIT_S
from devices.models import Device
from devices.printing.job import FORM
from telemetry.delivery_kinds import PUBLISH, WRITE
from telemetry.ids import hour_in, new_id, time_of
from telemetry.models import Delivery
from telemetry.recording.batch import LedgerKey
from telemetry.recording.outcomes import Concluded, take_back, write_ledger
from telemetry.recording.transactions import brief_transaction

REPEATS = "repeats"
"""The property of a Delivery that says which earlier one it repeats."""
_REDRIVABLE = (Delivery.State.DEAD, Delivery.State.UNKNOWN, Delivery.State.EXPIRED)


class DeliveryNotRedrivable(Exception):
    """The delivery is not there, or in a state from which it cannot be sent again."""


class DeliveryNotRepeatable(Exception):
    """The delivery is not there, is no write, or was not delivered."""


class DeviceNotWritable(Exception):
    """No such device, or it has no serial port to write to."""


def submit_write(device: str, payload: bytes, *, owner: str, wait_s: float = 0) -> UUID:
    """Put a write to a serial device into the outbox; answers the Delivery's id. Raises DeviceNotWritable.

    `wait_s`: somebody waits so long for the device's answer.
    """
    return _put_write(device, payload, owner=owner, properties={WAIT_S: f"{wait_s:g}"} if wait_s else {})


def repeat(delivery_id: UUID, *, owner: str) -> UUID:
    """Write once more what was written: a Delivery of its own, whose id is the answer.

    Raises DeliveryNotRepeatable, DeviceNotWritable.
    """
    row = Delivery.objects.filter(id=delivery_id).first()
    if row is None or row.kind != WRITE:
        raise DeliveryNotRepeatable("only what was written to a device can be repeated")
    if row.state != Delivery.State.DELIVERED:
        raise DeliveryNotRepeatable(f"it is {row.get_state_display()}; only what was delivered can be repeated")
    properties = {REPEATS: str(row.id)} | {name: row.properties[name] for name in (FORM,) if name in row.properties}
    return _put_write(row.target.partition(":")[2], bytes(row.payload), owner=owner, properties=properties)


def redrive(delivery_id: UUID) -> None:
    """Send a dead, unknown or expired Delivery again. Raises DeliveryNotRedrivable."""
    row = Delivery.objects.filter(id=delivery_id).first()
    if row is None:
        raise DeliveryNotRedrivable("there is no such delivery")
    if row.kind == PUBLISH and not row.address:
        raise DeliveryNotRedrivable("its topic could not be filled in: mend the rule or the message instead")
    if row.properties.get(FORM) == UNMADE:
        raise DeliveryNotRedrivable("its ticket could not be made: mend the template, and let the message come again")
    with brief_transaction():
        changed = Delivery.objects.filter(id=delivery_id, state=row.state, state__in=_REDRIVABLE).update(
            state=Delivery.State.WAITING, done_at=None, expires_at=None, disconnects=0, reason=""
        )
        if not changed:
            raise DeliveryNotRedrivable(f"it is {row.get_state_display()}")
        take_back([Concluded(row.id, row.target, row.state, row.reason)])
        waiting.note_back(row.target)
    intake.wake([row.target])


def _put_write(device: str, payload: bytes, *, owner: str, properties: dict[str, str]) -> UUID:
    row = Device.objects.filter(name=device).first()
    if row is None or not row.driver:
        raise DeviceNotWritable(f"{device} has no serial port to write to")
    delivery_id = new_id()
    with brief_transaction():
        Delivery.objects.create(
            id=delivery_id,
            created_at=time_of(delivery_id),
            source=owner,
            kind=WRITE,
            target=row.link_key,
            payload=payload,
            properties=properties,
            expires_at=_expiry(row, delivery_id),
        )
        write_ledger(Counter({LedgerKey(row.link_key, hour_in(delivery_id), "created"): 1}))
    intake.wake([row.link_key])
    return delivery_id


def _expiry(device: Device, delivery_id: UUID) -> datetime | None:
    return time_of(delivery_id) + timedelta(seconds=device.write_expiry_s) if device.write_expiry_s else None
