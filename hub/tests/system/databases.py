"""The hub's database as its tests see it: made from a migrated copy, read from outside, and taken away for a while."""

from __future__ import annotations

import shutil
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from simulators.servers.postgresql import PostgresqlServer


class HubDatabase(ABC):
    """A migrated database of one hub. Statements are written with `%s` and read only."""

    name: str
    url: str

    @abstractmethod
    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows; ids as 32 hexadecimal digits, payloads as bytes."""

    @abstractmethod
    @contextmanager
    def away(self) -> Iterator[None]:
        """Nobody can write meanwhile."""

    @abstractmethod
    def is_in_transaction(self) -> bool:
        """Whether a process that was frozen stands in the middle of a write."""

    def value(self, statement: str, *values: Any) -> Any:
        """The first column of the first row; None without a row."""
        found = self.rows(statement, *values)
        return found[0][0] if found else None

    def column(self, statement: str, *values: Any) -> list[Any]:
        """The first column of every row."""
        return [row[0] for row in self.rows(statement, *values)]


class SqliteDatabase(HubDatabase):
    """A file."""

    name = "sqlite"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = f"sqlite:///{path}"

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path, timeout=30.0)) as connection:
            return [tuple(row) for row in connection.execute(statement.replace("%s", "?"), values)]

    @contextmanager
    def away(self) -> Iterator[None]:
        """Another program holds the file locked."""
        with closing(sqlite3.connect(self.path, timeout=30.0, isolation_level=None)) as connection:
            connection.execute("BEGIN EXCLUSIVE")
            try:
                yield
            finally:
                connection.execute("ROLLBACK")

    def is_in_transaction(self) -> bool:
        with closing(sqlite3.connect(self.path, timeout=0.2, isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return True
            connection.execute("ROLLBACK")
            return False

    def copy_to(self, path: Path) -> SqliteDatabase:
        """A copy of this one, which nobody may be using."""
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        shutil.copyfile(self.path, path)
        return SqliteDatabase(path)


class PostgresqlDatabase(HubDatabase):
    """A database on a server of our own."""

    name = "postgresql"

    def __init__(self, server: PostgresqlServer, database: str) -> None:
        self.server = server
        self.url = server.url_of(database)
        self._database = database
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        try:
            return self._read(statement, values)
        except psycopg.OperationalError:  # the server was away since the last time
            self.close()
            return self._read(statement, values)

    def close(self) -> None:
        """End our own connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def away(self) -> Iterator[None]:
        """The server crashes, and is started again at the end."""
        self.close()
        self.server.kill()
        try:
            yield
        finally:
            self.server.start()

    def is_in_transaction(self) -> bool:
        """Seen by its lock on its leases; that of a process that runs is gone at the second look."""
        return all(not self._can_lock_leases() for _ in range(3))

    def _can_lock_leases(self) -> bool:
        with psycopg.connect(self.url, options="-c lock_timeout=100") as connection:
            try:
                connection.execute("SELECT key FROM telemetry_lease FOR UPDATE")
            except psycopg.errors.LockNotAvailable:
                return False
            finally:
                connection.rollback()
            return True

    def copy_to(self, database: str) -> PostgresqlDatabase:
        """A copy of this one on the same server, which nobody may be using."""
        self.close()
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            names = sql.Identifier(database), sql.Identifier(self._database)
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        return PostgresqlDatabase(self.server, database)

    def _read(self, statement: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        if self._connection is None:
            self._connection = psycopg.connect(self.url, autocommit=True)
        found = self._connection.execute(statement.encode(), values).fetchall()
        return [tuple(value.hex if isinstance(value, UUID) else value for value in row) for row in found]
