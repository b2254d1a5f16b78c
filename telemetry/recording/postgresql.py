"""Bulk writes on PostgreSQL: COPY for history, one statement of arrays for the latest readings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import InternalError, OperationalError, connection

from telemetry.recording.batch import Batch, ReadingDraft
from telemetry.recording.columns import DEAD_LETTER, DELIVERY, MESSAGE, READING, Table
from telemetry.recording.statements import Script

_JSON, _RAW = "jsonb", "bytea"
FEW_ROWS, FEW_BYTES = 32, 65_536
"""So many rows, of so many bytes of payload, are inserted together with the other statements; more are copied in."""
STANDSTILL_MS = 10_000
"""A process that stands still for this long in the middle of a batch loses it, and its locks on its leases with it:
otherwise no other worker could ever take over from a frozen one."""
_STOOD_STILL = "25P03"  # idle_in_transaction_session_timeout
_JSON_VERSION = b"\x01"  # of jsonb's binary form, see jsonb_recv in PostgreSQL's source


def limit_standstill() -> None:
    """Let the server undo the transaction of now if this process stands still in the middle of it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL idle_in_transaction_session_timeout = {STANDSTILL_MS}")


def add_tokens(script: Script, keys: Sequence[str]) -> None:
    """Ask for the tokens of these leases, which nobody can take before the transaction ends."""
    limit = f"set_config('idle_in_transaction_session_timeout', '{STANDSTILL_MS}', true)"
    script.add(
        f"SELECT key, token, {limit} FROM telemetry_lease WHERE key = ANY(%s) ORDER BY key FOR SHARE", [list(keys)]
    )


@contextmanager
def naming_lost_connections() -> Iterator[None]:
    """A connection that the server ended because we stood still raises OperationalError, as any other lost one."""
    try:
        yield
    except InternalError as error:
        if getattr(error.__cause__, "sqlstate", "") != _STOOD_STILL:
            raise
        connection.close()
        raise OperationalError(str(error)) from error


def is_many(batch: Batch) -> bool:
    """Whether the history of a batch is copied in: the fastest way for many rows, but several round trips a table."""
    if sum(len(rows) for _, rows in _history(batch)) > FEW_ROWS:
        return True
    payloads = [row.payload for rows in (batch.messages, batch.deliveries, batch.dead_letters) for row in rows]
    return sum(map(len, payloads)) > FEW_BYTES


def add_history(script: Script, batch: Batch) -> None:
    """Messages, readings, deliveries and dead letters: few go with the script, many are copied in at once."""
    are_many = is_many(batch)
    for table, rows in _history(batch):
        if are_many:
            _copy(table, rows)
        else:
            script.insert(table.name, table.columns, rows)


def _history(batch: Batch) -> Sequence[tuple[Table, Sequence[Sequence[Any]]]]:
    return (
        (MESSAGE, batch.messages),
        (READING, batch.readings),
        (DELIVERY, batch.deliveries),
        (DEAD_LETTER, batch.dead_letters),
    )


def add_latest(script: Script, readings: Iterable[ReadingDraft]) -> None:
    """Keep the newest reading of each device and metric. Sorted: two processes never lock crosswise."""
    rows = sorted(readings, key=lambda reading: (reading.device, reading.metric))
    if not rows:
        return
    script.add(
        "INSERT INTO telemetry_latestreading (device, metric, value, unit, time, message_id)"
        " SELECT * FROM unnest(%s::text[], %s::text[], %s::float8[], %s::text[], %s::timestamptz[], %s::uuid[])"
        " ON CONFLICT (device, metric) DO UPDATE SET"
        " value = excluded.value, unit = excluded.unit, time = excluded.time, message_id = excluded.message_id"
        " WHERE excluded.message_id > telemetry_latestreading.message_id",
        [
            [row.device for row in rows],
            [row.metric for row in rows],
            [row.value for row in rows],
            [row.unit for row in rows],
            [row.time for row in rows],
            [row.message_id for row in rows],
        ],
    )


def _copy(table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """In the binary format: it costs half as much as text."""
    if not rows:
        return
    statement = f"COPY {table.name} ({', '.join(table.columns)}) FROM STDIN (FORMAT BINARY)"
    types = [_RAW if kind == _JSON else kind for kind in table.types]
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(types)
        for row in _with_raw_json(rows, table.types.index(_JSON)) if _JSON in table.types else rows:
            copy.write_row(row)


def _with_raw_json(rows: Iterable[Sequence[Any]], place: int) -> Iterator[Sequence[Any]]:
    """JSON text as the bytes that PostgreSQL itself sends: the driver would write it as one JSON string."""
    after = place + 1
    for row in rows:
        text = row[place]
        yield row if text is None else (*row[:place], _JSON_VERSION + text.encode(), *row[after:])
