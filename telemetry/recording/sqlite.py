"""Bulk writes on SQLite: plain multi-row inserts of already adapted values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection

from telemetry.recording.batch import Batch, DeadLetterDraft, DeliveryDraft, MessageDraft, ReadingDraft
from telemetry.recording.columns import DEAD_LETTER, DELIVERY, MESSAGE, READING, Table
from telemetry.recording.statements import Script, marks_for


def add_tokens(script: Script, keys: Sequence[str]) -> None:
    """Ask for the tokens of these leases. Nobody can take one before the transaction ends: only it writes."""
    script.add(f"SELECT key, token FROM telemetry_lease WHERE key IN ({marks_for(keys)})", keys)


def is_many(batch: Batch) -> bool:
    """Whether the history of a batch is written apart from its script. Here every statement runs alone anyhow."""
    return False


def add_history(script: Script, batch: Batch) -> None:
    """Insert messages, readings, deliveries and dead letters."""
    _insert(MESSAGE, batch.messages)
    _insert(READING, batch.readings)
    _insert(DELIVERY, batch.deliveries)
    _insert(DEAD_LETTER, batch.dead_letters)


def add_latest(script: Script, readings: Iterable[ReadingDraft]) -> None:
    """Keep the newest reading of each device and metric."""
    rows = [
        [r.device, r.metric, r.value, r.unit, _adapt(r.time), r.message_id.hex]
        for r in sorted(readings, key=lambda r: (r.device, r.metric))
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO telemetry_latestreading (device, metric, value, unit, time, message_id)"
                " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (device, metric) DO UPDATE SET"
                " value = excluded.value, unit = excluded.unit, time = excluded.time, message_id = excluded.message_id"
                " WHERE excluded.message_id > telemetry_latestreading.message_id",
                rows,
            )


def _insert(
    table: Table,
    rows: Sequence[MessageDraft] | Sequence[ReadingDraft] | Sequence[DeliveryDraft] | Sequence[DeadLetterDraft],
) -> None:
    if rows:
        marks = ", ".join(["%s"] * len(table.columns))
        with connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks})",
                [[_adapt(value) for value in row] for row in rows],
            )


def _adapt(value: Any) -> Any:
    if type(value) is UUID:
        return value.hex
    return _text(value) if type(value) is datetime else value


@lru_cache(1024)  # many rows share a time
def _text(value: datetime) -> str:
    """As Django writes times."""
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
