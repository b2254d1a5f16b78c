"""Monthly partitions of the history tables on PostgreSQL. On SQLite there are none and every call is a no-op.

The tables are partitioned by RANGE of the UUIDv7 id, so that the primary key is the id alone. Each has a
DEFAULT partition: a row is never refused because nobody made the month's partition in time.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.migrations.operations.models import CreateModel

from telemetry.ids import lowest_id
from telemetry.outages import sqlstate_of

logger = logging.getLogger(__name__)

PARTITIONED_TABLES = ("telemetry_message", "telemetry_storedreading")
_LOCK = 0x70617463  # any constant: one process at a time makes partitions
_LOCK_WAIT_MS = 500
_LOCK_NOT_AVAILABLE = "55P03"


class CreatePartitionedModel(CreateModel):
    """Makes a history table: partitioned by id on PostgreSQL, plain elsewhere."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        schema_editor.sql_create_table = type(schema_editor).sql_create_table + " PARTITION BY RANGE (id)"
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        finally:
            del schema_editor.sql_create_table
        table = to_state.apps.get_model(app_label, self.name)._meta.db_table
        schema_editor.execute(f"CREATE TABLE {table}_rest PARTITION OF {table} DEFAULT")


def month_after(month: datetime) -> datetime:
    """The first instant of the next month."""
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def make_partitions(now: datetime, *, months: int = 3) -> list[str]:
    """Make the partitions of this month and the following ones that do not exist; answers their names.

    A month whose rows already lie in the DEFAULT partition is left there. If a long query or a backup is on the
    table, it is left for the next call: waiting for its end would hold up every commit behind us.
    """
    if connection.vendor != "postgresql":
        return []
    made = []
    month = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _ in range(months):
        for table in PARTITIONED_TABLES:
            try:
                made += [name for name in [_make_partition(table, month)] if name]
            except OperationalError as error:
                if sqlstate_of(error) != _LOCK_NOT_AVAILABLE:
                    raise
                logger.warning("%s is in use: its partition for %s is made later", table, f"{month:%Y-%m}")
        month = month_after(month)
    return made


def _make_partition(table: str, month: datetime) -> str:
    name = f"{table}_{month:%Y_%m}"
    low, high = lowest_id(month), lowest_id(month_after(month))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = {_LOCK_WAIT_MS}")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute("SELECT to_regclass(%s)", [name])
        if cursor.fetchone()[0] is not None:
            return ""
        cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {table}_rest WHERE id >= %s AND id < %s)", [low, high])
        if cursor.fetchone()[0]:
            return ""
        cursor.execute(f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES FROM ('{low}') TO ('{high}')")
    return name
