"""The tables that are written in bulk, with their columns in the order of the drafts."""

from __future__ import annotations

from typing import NamedTuple

from telemetry.recording.batch import DeadLetterDraft, DeliveryDraft, MessageDraft, ReadingDraft


class Table(NamedTuple):
    """A table and the columns of its draft."""

    name: str
    columns: tuple[str, ...]


MESSAGE = Table("telemetry_message", MessageDraft._fields)
READING = Table("telemetry_storedreading", ReadingDraft._fields)
DELIVERY = Table("telemetry_delivery", DeliveryDraft._fields)
DEAD_LETTER = Table("telemetry_deadletter", DeadLetterDraft._fields)
