"""Makes live events out of stored rows. Reads the database, never more of a payload than is shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import BinaryField, QuerySet
from django.db.models.functions import Length, Substr

from telemetry.ids import lowest_id, time_of
from telemetry.live.events import Event, delivery_event, message_event
from telemetry.models import Delivery, Message, StoredReading
from telemetry.payload_text import HEAD_BYTES

_READING_SPAN = timedelta(seconds=2)
"""Readings get their ids right after their message; so long after the last message is looked for them."""
# SQLite says NULL for a part of nothing.
_HEAD = Substr("payload", 1, HEAD_BYTES, output_field=BinaryField())


def message_events(messages: QuerySet[Message]) -> list[Event]:
    """The messages with their readings, in the order of the query set."""
    rows = list(
        messages.annotate(head=_HEAD, size=Length("payload")).values(
            "id", "received_at", "source", "kind", "topic", "device", "duplicate_of", "fault", "head", "size"
        )
    )
    readings = _readings_of([row["id"] for row in rows])
    return [
        message_event(
            row["id"],
            row["received_at"],
            source=row["source"],
            payload=row["head"] or b"",
            topic=row["topic"],
            device=row["device"] or _owner(readings[row["id"]]),
            readings=readings[row["id"]],
            duplicate_of=row["duplicate_of"],
            fault=row["fault"],
            kind=row["kind"],
            size=row["size"],
        )
        for row in rows
    ]


def delivery_events(deliveries: QuerySet[Delivery]) -> list[Event]:
    """The deliveries, in the order of the query set."""
    names = ("id", "created_at", "message_id", "rule", "target", "address", "state", "reason")
    return [
        delivery_event(
            row["id"],
            row["created_at"],
            target=row["target"],
            state=row["state"],
            payload=row["head"] or b"",
            message=row["message_id"],
            rule=row["rule"],
            address=row["address"],
            reason=row["reason"],
        )
        for row in deliveries.annotate(head=_HEAD).values(*names, "head")
    ]


def _readings_of(messages: Sequence[UUID]) -> dict[UUID, list[StoredReading]]:
    found: dict[UUID, list[StoredReading]] = defaultdict(list)
    if messages:
        low, high = lowest_id(time_of(min(messages))), lowest_id(time_of(max(messages)) + _READING_SPAN)
        for reading in _in_messages(low, high, messages):
            found[reading.message_id].append(reading)
    return found


def _in_messages(low: UUID, high: UUID, messages: Sequence[UUID]) -> Iterable[StoredReading]:
    """By a range of ids first: readings have no index by message."""
    rows: Any = StoredReading.objects.filter(id__gte=low, id__lt=high, message_id__in=messages)
    return rows.order_by("id").only("message_id", "device", "metric", "value", "unit")  # type: ignore[no-any-return]


def _owner(readings: Sequence[StoredReading]) -> str:
    return readings[0].device if readings else ""
