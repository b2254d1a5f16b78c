"""What a committed batch says to the pages: events of the live protocol, never more than a page can show.

History has every message; an announcement is only its news. Under a flood the surplus is left out here,
before it costs anything.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar
from uuid import UUID

from telemetry.links import LinkReport
from telemetry.live.events import Event, delivery_event, link_event, message_event
from telemetry.live.thinning import Allowance, newest_in_turn
from telemetry.models import Delivery
from telemetry.recording.batch import Batch, DeliveryDraft, MessageDraft, ReadingDraft
from telemetry.recording.outcomes import Concluded

Change = tuple[DeliveryDraft, str, str]
"""A Delivery with its state and reason now."""
Row = TypeVar("Row")
PER_SECOND = 500


class Announcements:
    """Builds the events of batches. Each answer is the events, and how many a flood made it leave out."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._messages = Allowance(PER_SECOND)
        self._deliveries = Allowance(PER_SECOND)
        self._clock = clock

    def of_batch(
        self, batch: Batch, concluded: Sequence[Concluded], held: Sequence[DeliveryDraft]
    ) -> tuple[list[Event], int]:
        """Messages, new Deliveries, Deliveries that changed, and link states."""
        changes = _changes(batch, concluded, held)
        messages = self._chosen(batch.messages, self._messages, _source)
        deliveries = self._chosen(changes, self._deliveries, _target)
        readings = _readings_of(batch, {message.id for message in messages})
        events = [
            *(_message_event(message, readings.get(message.id, ())) for message in messages),
            *(_delivery_event(change) for change in deliveries),
            *(_link_event(report, batch) for report in batch.reports),
        ]
        return events, len(batch.messages) + len(changes) - len(messages) - len(deliveries)

    def of_stored(self, concluded: Sequence[Concluded]) -> tuple[list[Event], int]:
        """Deliveries that were settled without being held."""
        allowed = concluded[: self._deliveries.take(len(concluded), self._clock())]
        rows = {row.id: row for row in Delivery.objects.filter(id__in=[item.id for item in allowed])} if allowed else {}
        events = [_stored_event(row, item) for item in allowed if (row := rows.get(item.id))]
        return events, len(concluded) - len(allowed)

    def _chosen(self, rows: Sequence[Row], allowance: Allowance, group: Callable[[Row], Hashable]) -> Sequence[Row]:
        granted = allowance.take(len(rows), self._clock())
        if granted >= len(rows):
            return rows
        return [rows[place] for place in newest_in_turn([group(row) for row in rows], granted)]


def _source(message: MessageDraft) -> Hashable:
    return message.source, message.device or message.topic


def _target(change: Change) -> Hashable:
    return change[0].target, change[0].address


def _message_event(message: MessageDraft, readings: Sequence[ReadingDraft]) -> Event:
    return message_event(
        message.id,
        message.received_at,
        source=message.source,
        payload=message.payload,
        topic=message.topic,
        device=message.device or (readings[0].device if readings else ""),
        readings=readings,
        duplicate_of=message.duplicate_of,
        fault=message.fault,
        kind=message.kind,
    )


def _delivery_event(change: Change) -> Event:
    draft, state, reason = change
    return delivery_event(
        draft.id,
        draft.created_at,
        target=draft.target,
        state=state,
        payload=draft.payload,
        message=draft.message_id,
        rule=draft.rule,
        address=draft.address,
        reason=reason,
    )


def _stored_event(row: Delivery, now: Concluded) -> Event:
    return delivery_event(
        row.id,
        row.created_at,
        target=row.target,
        state=now.state,
        payload=row.payload,
        message=row.message_id,
        rule=row.rule,
        address=row.address,
        reason=now.reason,
    )


def _link_event(report: LinkReport, batch: Batch) -> Event:
    return link_event(
        report.link,
        report.state,
        detail=report.detail,
        warning=report.warning,
        since=report.since or batch.at,
        last_message_at=batch.last_message_at.get(report.link),
    )


def _changes(batch: Batch, concluded: Sequence[Concluded], held: Sequence[DeliveryDraft]) -> list[Change]:
    drafts = {draft.id: draft for draft in held}
    changed = [(draft, item.state, item.reason) for item in concluded if (draft := drafts.get(item.id))]
    # What waits for a batch is no news; what comes of the batch is.
    return [*changed, *((draft, draft.state, draft.reason) for draft in batch.deliveries if draft.kind != "batch")]


def _readings_of(batch: Batch, messages: set[UUID]) -> dict[UUID, list[ReadingDraft]]:
    found: dict[UUID, list[ReadingDraft]] = defaultdict(list)
    if not messages:
        return found
    for reading in batch.readings:
        if reading.message_id in messages:
            found[reading.message_id].append(reading)
    return found
