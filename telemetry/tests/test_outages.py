"""Whether an error of the database is the database's or the data's: by the codes of both, and on real ones."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest
from django.db import (
    DatabaseError,
    DataError,
    Error,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    connection,
    transaction,
)

from telemetry.outages import first_line, is_outage, sqlstate_of


def wrapped(sqlstate: str, kind: type[Error] = OperationalError) -> Exception:
    """As Django hands on what psycopg raised."""
    error = kind("said")
    error.__cause__ = psycopg.errors.lookup(sqlstate)("said")
    return error


def on_sqlite(code: int) -> Exception:
    error, cause = OperationalError("said"), sqlite3.OperationalError("said")
    cause.sqlite_errorcode = code
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("sqlstate", "kind"),
    [
        ("08006", OperationalError),
        ("25006", InternalError),  # a standby
        ("25P03", InternalError),
        ("28P01", OperationalError),
        ("3D000", OperationalError),
        ("40001", OperationalError),
        ("40P01", OperationalError),
        ("42501", DatabaseError),
        ("42703", DatabaseError),
        ("42P01", DatabaseError),
        ("53100", OperationalError),  # disk full
        ("53300", OperationalError),
        ("55P03", OperationalError),
        ("57014", OperationalError),
        ("57P01", OperationalError),
        ("57P03", OperationalError),
        ("58030", OperationalError),
    ],
)
def test_what_no_message_can_cause_is_waited_for(sqlstate: str, kind: type[Error]) -> None:
    assert is_outage(wrapped(sqlstate, kind))


@pytest.mark.parametrize(
    ("sqlstate", "kind"),
    [
        ("22001", DataError),
        ("22P05", DataError),
        ("23514", IntegrityError),
        ("42601", DatabaseError),
        ("54000", OperationalError),
        ("54001", OperationalError),
        ("XX000", InternalError),
    ],
)
def test_what_a_message_can_cause_is_its_own_fault(sqlstate: str, kind: type[Error]) -> None:
    assert not is_outage(wrapped(sqlstate, kind))


@pytest.mark.parametrize("error", [OperationalError("server closed the connection"), InterfaceError("closed")])
def test_a_lost_connection_has_no_code(error: Exception) -> None:
    assert is_outage(error)
    assert sqlstate_of(error) == ""


@pytest.mark.parametrize(
    ("code", "is_wait"),
    [
        (sqlite3.SQLITE_BUSY, True),
        (sqlite3.SQLITE_FULL, True),
        (sqlite3.SQLITE_READONLY, True),
        (sqlite3.SQLITE_IOERR_WRITE, True),
        (sqlite3.SQLITE_TOOBIG, False),
    ],
)
def test_sqlite_tells_it_by_its_own_codes(code: int, is_wait: bool) -> None:
    assert is_outage(on_sqlite(code)) is is_wait


@pytest.mark.parametrize("error", [ValueError("x"), RuntimeError("x"), KeyError("x")])
def test_other_errors_are_no_outage(error: Exception) -> None:
    assert not is_outage(error)


@pytest.mark.django_db
def test_a_real_transaction_that_may_only_read_is_an_outage() -> None:
    is_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = 1" if is_sqlite else "SET LOCAL transaction_read_only = on")
        with pytest.raises(Error) as caught, transaction.atomic():
            cursor.execute("DELETE FROM telemetry_commitmark")
        if is_sqlite:
            cursor.execute("PRAGMA query_only = 0")
    assert is_outage(caught.value)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("no such column\nLINE 1: SELECT\x00"), "no such column"),
        (ValueError(""), "ValueError"),
        (ValueError("nul\x00 and \ud800"), "nul\ufffd and ?"),
        (ValueError("x" * 1000), "x" * 500),
    ],
)
def test_an_error_is_said_in_one_line_that_can_be_kept(error: Exception, said: str) -> None:
    assert first_line(error) == said
