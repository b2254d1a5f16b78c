"""Transactions that no process which stands still can hold open: its locks would keep every other worker out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from telemetry.recording import postgresql


@contextmanager
def brief_transaction() -> Iterator[None]:
    """A transaction that is undone, on PostgreSQL, if nothing is asked of the server for `STANDSTILL_MS`.

    Then it raises OperationalError, as for any other lost connection. SQLite has no server to undo it.
    """
    with postgresql.naming_lost_connections(), transaction.atomic():
        if connection.vendor == "postgresql":
            postgresql.limit_standstill()
        yield
