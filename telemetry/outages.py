"""Judges an error of the database: is the database away, so that one waits and tries again, or are the data at fault?

Taken for an outage, bad data would be tried for ever; taken for bad data, an outage would bury good messages. So what
no message can cause is an outage. Pure: it looks at the error alone.

Codes: https://www.postgresql.org/docs/current/errcodes-appendix.html and https://www.sqlite.org/rescode.html
"""

from __future__ import annotations

from typing import Final

from django.db import InterfaceError, OperationalError

from telemetry.values import storable

_OUTAGE_CLASSES: Final = {
    "08": "connection exception",
    "28": "invalid authorization: the password was changed",
    "3D": "invalid catalog name: the database is being made anew",
    "40": "transaction rollback: a deadlock or a conflict with another transaction",
    "53": "insufficient resources: the disk is full, too many connections",
    "55": "object not in prerequisite state: a lock is held by somebody else",
    "57": "operator intervention: shut down, starting up, cancelled",
    "58": "system error: of the disk, of a file",
}
_OUTAGES: Final = {
    "25006": "read-only transaction: a standby, before it is promoted",
    "25P03": "idle in transaction for too long: this process stood still",
    "25P04": "the transaction took too long: this process stood still",
    "42501": "insufficient privilege: a right is missing",
    "42703": "undefined column: the tables are those of another version",
    "42P01": "undefined table: not migrated yet",
    "XX001": "data corrupted: on the disk",
    "XX002": "index corrupted: on the disk",
}
_DATA_CLASSES: Final = {
    "54": "program limit exceeded: a value is too large for an index, a document nested too deeply",
}
"""Classes that the driver raises as OperationalError, as it does for lost connections."""

_SQLITE_DATA: Final = {
    18: "SQLITE_TOOBIG",
    20: "SQLITE_MISMATCH",
    25: "SQLITE_RANGE",
}
_MAX_CAUSES = 4


def is_outage(error: BaseException) -> bool:
    """Whether to wait for the database: lost, full, read-only, locked, or not ready for this version."""
    if code := sqlstate_of(error):
        if code in _OUTAGES or code[:2] in _OUTAGE_CLASSES:
            return True
        return code[:2] not in _DATA_CLASSES and _is_of_the_connection(error)
    return _sqlite_code_of(error) & 0xFF not in _SQLITE_DATA and _is_of_the_connection(error)


def first_line(error: BaseException) -> str:
    """What the error says, in one line that can be logged and kept; the lines after it are hints and statements."""
    return storable(str(error).strip().split("\n")[0] or type(error).__name__, 500)


def sqlstate_of(error: BaseException) -> str:
    """PostgreSQL's code of the error, five characters; '' if there is none."""
    return next((found for cause in _causes(error) if (found := getattr(cause, "sqlstate", None))), "")


def _sqlite_code_of(error: BaseException) -> int:
    return next((found for cause in _causes(error) if (found := getattr(cause, "sqlite_errorcode", None))), 0)


def _is_of_the_connection(error: BaseException) -> bool:
    return isinstance(error, (OperationalError, InterfaceError))


def _causes(error: BaseException) -> list[BaseException]:
    """The error and what it was made of: Django wraps the driver's."""
    found: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and len(found) < _MAX_CAUSES:
        found.append(cause)
        cause = cause.__cause__
    return found
