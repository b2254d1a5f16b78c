"""SQL that both databases understand: statements sent together, many rows in one, values as their columns keep them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection

_CHUNK = 500
_T = TypeVar("_T")


class Script:
    """Statements of one transaction whose answers nobody needs, but for the last one's.

    PostgreSQL is sent all of them at once by `run`: one round trip, where each statement alone would cost one.
    SQLite, which is in our own process, runs each as it is added.
    """

    def __init__(self) -> None:
        self._statements: list[str] = []
        self._values: list[Any] = []
        self._rows: list[tuple[Any, ...]] = []
        self._is_sent_whole = connection.vendor == "postgresql"

    def add(self, statement: str, values: Sequence[Any] = ()) -> None:
        """Add a statement. A fault of it is raised here or by `run`."""
        if self._is_sent_whole:
            self._statements.append(statement)
            self._values += values
        else:
            with connection.cursor() as cursor:
                cursor.execute(statement, list(values))
                self._rows = cursor.fetchall() if cursor.description else []

    def insert(self, into: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, then: str = "") -> None:
        """Add rows of adapted values. `then` is what follows them, as `ON CONFLICT ...`."""
        row_marks = f"({marks_for(columns)})"
        for chunk in chunks(rows):
            marks = ", ".join([row_marks] * len(chunk))
            self.add(
                f"INSERT INTO {into} ({', '.join(columns)}) VALUES {marks} {then}",
                [value for row in chunk for value in row],
            )

    def run(self) -> list[tuple[Any, ...]]:
        """Run what was added; answers the rows of the last statement."""
        if self._statements:
            with connection.cursor() as cursor:
                cursor.execute("; ".join(self._statements), self._values)
                while cursor.nextset():
                    pass
                self._rows = cursor.fetchall() if cursor.description else []
            self._statements, self._values = [], []
        return self._rows


def chunks(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Portions that stay below every limit of a statement."""
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]


def marks_for(values: Sequence[Any]) -> str:
    """A placeholder for each."""
    return ", ".join(["%s"] * len(values))


def as_time(value: datetime | None) -> Any:
    """A time as its column keeps it."""
    return connection.ops.adapt_datetimefield_value(value)


def as_id(value: UUID) -> Any:
    """An id as its column keeps it."""
    return value if connection.features.has_native_uuid_field else value.hex


def id_of(value: Any) -> UUID:
    """The id that a column holds."""
    return value if isinstance(value, UUID) else UUID(value)
