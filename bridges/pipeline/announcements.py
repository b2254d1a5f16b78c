"""What a committed batch says to the pages: events of the live protocol, never more than a page can show.

History has every message; an announcement is only its news. Under a flood the surplus is left out here,
before it costs anything.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from telemetry.live.events import delivery_event, link_event, message_event
from telemetry.models import Delivery
from telemetry.recording.batch import Batch, DeliveryDraft, ReadingDraft
from telemetry.recording.recorder import Concluded

Event = dict[str, Any]
PER_SECOND = 500


class Allowance:
    """A token bucket: how many more events may be said now."""

    def __init__(self, per_second: float = PER_SECOND, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = self._left = per_second
        self._clock = clock
        self._at = clock()

    def take(self, wanted: int) -> int:
        """How many of these are allowed."""
        now = self._clock()
        self._left = min(self._rate, self._left + (now - self._at) * self._rate)
        self._at = now
        granted = min(wanted, int(self._left))
        self._left -= granted
        return granted


class Announcements:
    """Builds the events of batches. The newest of a flood are said, the older left out."""

    def __init__(self) -> None:
        self._messages = Allowance()
        self._deliveries = Allowance()

    def of_batch(self, batch: Batch, concluded: Sequence[Concluded], held: Sequence[DeliveryDraft]) -> list[Event]:
        """Messages, new Deliveries, Deliveries that changed, and link states."""
        return [
            *self._of_messages(batch),
            *self._of_deliveries(_changes(batch, concluded, held)),
            *(
                link_event(
                    report.link,
                    report.state,
                    detail=report.detail,
                    warning=report.warning,
                    since=batch.at,
                    last_message_at=batch.last_message_at.get(report.link),
                )
                for report in batch.reports
            ),
        ]

    def of_stored(self, concluded: Sequence[Concluded]) -> list[Event]:
        """Deliveries that were settled without being held."""
        allowed = concluded[: self._deliveries.take(len(concluded))]
        rows = {row.id: row for row in Delivery.objects.filter(id__in=[item.id for item in allowed])} if allowed else {}
        return [
            delivery_event(
                row.id,
                row.created_at,
                target=row.target,
                state=item.state,
                payload=row.payload,
                message=row.message_id,
                rule=row.rule,
                address=row.address,
                reason=item.reason,
            )
            for item in allowed
            if (row := rows.get(item.id))
        ]

    def _of_messages(self, batch: Batch) -> list[Event]:
        count = self._messages.take(len(batch.messages))
        if not count:
            return []
        said = batch.messages[-count:]
        readings = _readings_of(batch, {message.id for message in said})
        return [
            message_event(
                message.id,
                message.received_at,
                source=message.source,
                payload=message.payload,
                topic=message.topic,
                device=message.device or _owner(readings.get(message.id)),
                readings=readings.get(message.id, ()),
                duplicate_of=message.duplicate_of,
                fault=message.fault,
                kind=message.kind,
            )
            for message in said
        ]

    def _of_deliveries(self, drafts: Sequence[DeliveryDraft]) -> list[Event]:
        count = self._deliveries.take(len(drafts))
        return [
            delivery_event(
                draft.id,
                draft.created_at,
                target=draft.target,
                state=draft.state,
                payload=draft.payload,
                message=draft.message_id,
                rule=draft.rule,
                address=draft.address,
                reason=draft.reason,
            )
            for draft in (drafts[-count:] if count else ())
        ]


def _changes(batch: Batch, concluded: Sequence[Concluded], held: Sequence[DeliveryDraft]) -> list[DeliveryDraft]:
    drafts = {draft.id: draft for draft in held}
    changed = [
        drafts[item.id]._replace(state=item.state, reason=item.reason) for item in concluded if item.id in drafts
    ]
    return [*changed, *batch.deliveries]


def _readings_of(batch: Batch, messages: set[UUID]) -> dict[UUID, list[ReadingDraft]]:
    found: dict[UUID, list[ReadingDraft]] = defaultdict(list)
    for reading in batch.readings:
        if reading.message_id in messages:
            found[reading.message_id].append(reading)
    return found


def _owner(readings: list[ReadingDraft] | None) -> str:
    return readings[0].device if readings else ""
