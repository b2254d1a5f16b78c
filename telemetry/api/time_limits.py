"""Bounds how long the statements of a search may take, on either database. Blocks may stand within each other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import OperationalError, connection, transaction

from telemetry.api.problems import Problem

SEARCH_LIMIT_S = 15.0
_SQLITE_STEPS = 20_000  # between two looks at the clock
_CANCELLED = "57014"  # query_canceled, see "PostgreSQL Error Codes" in its manual
_ends_at: ContextVar[float | None] = ContextVar("ends_at", default=None)


class TookTooLong(Exception):
    """The database was stopped at the limit."""


@contextmanager
def limited_search() -> Iterator[None]:
    """End a search that takes too long with a Problem, instead of holding up the database."""
    try:
        with limited(SEARCH_LIMIT_S):
            yield
    except TookTooLong:
        raise Problem(
            400, "too_slow", "This search takes too long: narrow it down by time, device or source."
        ) from None


@contextmanager
def limited(limit_s: float) -> Iterator[None]:
    """Stop the statements within after this time altogether; raises TookTooLong."""
    ends_at = time.monotonic() + limit_s
    outer = _ends_at.get()
    mark = _ends_at.set(ends_at if outer is None else min(ends_at, outer))
    try:
        with _limited_postgresql() if connection.vendor == "postgresql" else _limited_sqlite(outer):
            yield
    finally:
        _ends_at.reset(mark)


def go_on() -> None:
    """Between two statements of one search: raises TookTooLong if its time is over, else bounds the next one."""
    if connection.vendor == "postgresql" and _ends_at.get() is not None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {_left_ms()}")


def _left_ms() -> int:
    left_ms = int(((_ends_at.get() or 0.0) - time.monotonic()) * 1000)
    if left_ms <= 0:  # 0 would mean no limit
        raise TookTooLong
    return left_ms


@contextmanager
def _limited_postgresql() -> Iterator[None]:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('statement_timeout'), set_config('statement_timeout', %s, true)",
                [str(_left_ms())],
            )
            before = cursor.fetchone()[0]
            yield
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") == _CANCELLED:
            raise TookTooLong from None
        raise


@contextmanager
def _limited_sqlite(outer: float | None) -> Iterator[None]:
    connection.ensure_connection()
    raw: Any = connection.connection
    _watch(raw, _ends_at.get())
    try:
        yield
    except OperationalError as error:
        if "interrupted" in str(error):
            raise TookTooLong from None
        raise
    finally:
        _watch(raw, outer)


def _watch(raw: Any, ends_at: float | None) -> None:
    if ends_at is None:
        raw.set_progress_handler(None, 0)
    else:
        raw.set_progress_handler(lambda: time.monotonic() > ends_at, _SQLITE_STEPS)
