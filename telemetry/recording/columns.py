"""The tables that are written in bulk, with their columns in the order of the drafts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from telemetry.recording.batch import DeadLetterDraft, DeliveryDraft, MessageDraft, ReadingDraft


class Table(NamedTuple):
    """A table, the columns of its draft, and their types as PostgreSQL calls them."""

    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]


_MESSAGE_TYPES = {
    "id": "uuid",
    "received_at": "timestamptz",
    "device_time": "timestamptz",
    "payload": "bytea",
    "decoded": "jsonb",
    "qos": "int2",
    "is_retained": "bool",
    "packet_id": "int4",
    "duplicate_of": "uuid",
    "answers": "uuid",
}
_READING_TYPES = {"id": "uuid", "message_id": "uuid", "value": "float8", "time": "timestamptz"}
_DELIVERY_TYPES = {
    "id": "uuid",
    "created_at": "timestamptz",
    "message_id": "uuid",
    "rule_version": "int4",
    "payload": "bytea",
    "qos": "int2",
    "is_retained": "bool",
    "properties": "jsonb",
    "disconnects": "int2",
    "expires_at": "timestamptz",
    "done_at": "timestamptz",
}
_DEAD_LETTER_TYPES = {
    "id": "uuid",
    "created_at": "timestamptz",
    "message_id": "uuid",
    "rule_version": "int4",
    "payload": "bytea",
}


def _table(name: str, columns: tuple[str, ...], types: Mapping[str, str]) -> Table:
    return Table(name, columns, tuple(types.get(column, "text") for column in columns))


MESSAGE = _table("telemetry_message", MessageDraft._fields, _MESSAGE_TYPES)
READING = _table("telemetry_storedreading", ReadingDraft._fields, _READING_TYPES)
DELIVERY = _table("telemetry_delivery", DeliveryDraft._fields, _DELIVERY_TYPES)
DEAD_LETTER = _table("telemetry_deadletter", DeadLetterDraft._fields, _DEAD_LETTER_TYPES)
