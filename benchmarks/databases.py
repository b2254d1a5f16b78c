"""The two databases as a measurement sees them: made empty, asked from outside the hub, and gone afterwards."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from simulators.servers.postgresql import PostgresqlServer


class Database(ABC):
    """`url` is what the hub is given."""

    url: str

    @abstractmethod
    def rows(self, statement: str) -> Sequence[Sequence[Any]]:
        """What a statement answers."""

    def number(self, statement: str) -> int:
        """The one number that a statement answers; 0 for none."""
        found = self.rows(statement)
        return int(found[0][0] or 0) if found else 0

    @abstractmethod
    def close(self) -> None:
        """End it."""

    @property
    def pid(self) -> int | None:
        """Its main process, if it has one of its own."""
        return None


class SqliteDatabase(Database):
    """A file. The hub itself sets WAL and `synchronous=FULL`."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "hub.sqlite3"
        self.url = f"sqlite:///{self._path}"

    def rows(self, statement: str) -> Sequence[Sequence[Any]]:
        connection = sqlite3.connect(self._path, timeout=20)
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()

    def close(self) -> None:
        """The file goes with its directory."""


class PostgresqlDatabase(Database):
    """A server with its own defaults, fsync among them."""

    def __init__(self) -> None:
        self._server = PostgresqlServer()
        self._server.start()
        self.url = self._server.create("patchbay")
        self._connection = psycopg.connect(self.url, autocommit=True)

    def rows(self, statement: str) -> Sequence[Sequence[Any]]:
        return self._connection.execute(statement.encode()).fetchall()

    @property
    def pid(self) -> int | None:
        return self._server.pid

    def close(self) -> None:
        self._connection.close()
        self._server.close()


def open_database(kind: str, directory: Path) -> Database:
    """An empty database of this kind: 'sqlite' or 'postgresql'."""
    return PostgresqlDatabase() if kind == "postgresql" else SqliteDatabase(directory)
