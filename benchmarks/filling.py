"""Fills a database with months of history inside the database itself: minutes for what would take the hub half an hour.

The rows are those that a hub would have written: ids in order of time, decoded JSON with nested keys, readings,
deliveries. Indexes are taken away first and made again afterwards. Only for a database of one's own.
"""

from __future__ import annotations

import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg

from benchmarks.databases import Database, PostgresqlDatabase, SqliteDatabase

DAYS = 180
RARE = 100
"""So many messages in the whole history carry what a rare search looks for, evenly spread."""
TABLES = ("telemetry_message", "telemetry_storedreading", "telemetry_delivery")
_PIECE = 500_000

_ROW = """
SELECT i, ms, kind, rare, device, topic, topic_name, source, at,
 CASE kind
  WHEN 0 THEN {object}('id', device, 'number', CAST(i AS text), 'power', {power}, 'voltage', {voltage},
   'energy', {object}('total', {total}, 'tariff', 1 + i % 4), 'state', state)
  WHEN 1 THEN {object}('Time', {iso}, 'BME280', {object}('Temperature', {voltage}, 'Humidity', {power}),
   'battery', {object}('level', i / 1000 % 101, 'low', {false}), 'state', state)
  WHEN 2 THEN {object}('device_id', device, 'timestamp', {iso}, 'measurements',
   {object}('temperature', {voltage}, 'humidity', {power}), 'battery', i / 1000 % 101, 'status', state)
  ELSE {object}('value', {power}, 'unit', 'g', 'stable', {true}, 'status', state)
 END AS decoded
FROM (
 SELECT i, ms, kind, rare, {time} AS at,
  CASE WHEN rare THEN 'fault' WHEN i < {count} / 50 THEN 'new' WHEN i % 50 = 0 THEN 'idle' ELSE 'ok' END AS state,
  CASE WHEN rare THEN 'probe' ELSE name || '-' || ((i / 20 + i % 20 * 7) % many) END AS device,
  CASE WHEN kind < 2 THEN CASE WHEN rare THEN 'lab/probe' ELSE name || 's/' || ((i / 20 + i % 20 * 7) % many) END
   ELSE '' END AS topic,
  CASE WHEN kind < 2 THEN CASE WHEN rare THEN 'lab' ELSE name || 's' END ELSE '' END AS topic_name,
  CASE kind WHEN 0 THEN 'broker:plant' WHEN 1 THEN 'broker:plant' WHEN 2 THEN 'packets'
   ELSE 'device:scale-' || ((i / 20 + i % 20 * 7) % many) END AS source
 FROM (
  SELECT i, CAST({start_ms} + i * {step_ms} AS bigint) AS ms, i % {every} = {every} / 2 / 20 * 20 AS rare,
   CASE WHEN i % 20 < 12 THEN 0 WHEN i % 20 < 17 THEN 1 WHEN i % 20 < 19 THEN 2 ELSE 3 END AS kind,
   CASE WHEN i % 20 < 12 THEN 'meter' WHEN i % 20 < 17 THEN 'sensor' WHEN i % 20 < 19 THEN 'board' ELSE 'scale' END
    AS name,
   CASE WHEN i % 20 < 12 THEN 100 WHEN i % 20 < 17 THEN 60 WHEN i % 20 < 19 THEN 30 ELSE 10 END AS many
  FROM {series}
 ) AS numbers
) AS rows
"""
_MESSAGES = """
INSERT INTO telemetry_message (id, received_at, source, kind, topic, topic_name, device, device_time, payload, decoded,
 qos, is_retained, packet_id, fault)
SELECT {id0}, at, source, 'message', topic, topic_name, device, NULL, {payload}, decoded, 1, {false_},
 CASE WHEN kind < 2 THEN 1 + i % 65535 ELSE 0 END, ''
FROM ({row}) AS made
"""
_READINGS = """
INSERT INTO telemetry_storedreading (id, message_id, device, metric, value, unit, time)
SELECT CASE k WHEN 1 THEN {id1} ELSE {id2} END, {id0}, device,
 CASE kind WHEN 0 THEN CASE k WHEN 1 THEN 'power' ELSE 'voltage' END WHEN 3 THEN 'weight'
  ELSE CASE k WHEN 1 THEN 'humidity' ELSE 'temperature' END END,
 CASE k WHEN 1 THEN {power} ELSE {voltage} END,
 CASE kind WHEN 0 THEN CASE k WHEN 1 THEN 'W' ELSE 'V' END WHEN 3 THEN 'g'
  ELSE CASE k WHEN 1 THEN '%' ELSE '°C' END END, at
FROM ({row}) AS made CROSS JOIN (SELECT 1 AS k UNION ALL SELECT 2) AS twice WHERE k = 1 OR kind < 3 ORDER BY i, k
"""
_DELIVERIES = """
INSERT INTO telemetry_delivery (id, created_at, message_id, source, rule, rule_version, kind, target, topic_name,
 address, payload, qos, is_retained, properties, state, disconnects, done_at, reason)
SELECT {id3}, at, {id0}, source, CASE WHEN rare THEN 'probe alarm' ELSE name_of_rule END, 3,
 CASE WHEN rare THEN 'webhook' ELSE 'publish' END,
 CASE WHEN rare THEN 'webhook:probe alarm' ELSE 'broker:central' END, CASE WHEN rare THEN '' ELSE 'out' END,
 CASE WHEN rare THEN '' ELSE 'out/' || device END, {payload}, 1, {false_}, '{{}}', fate, 0,
 CASE WHEN fate = 'waiting' THEN NULL ELSE at END, CASE WHEN fate IN ('dead', 'expired') THEN 'as made' ELSE '' END
FROM (SELECT made.*,
 CASE kind WHEN 0 THEN 'meters to central' WHEN 1 THEN 'sensors to central' WHEN 2 THEN 'packets to central'
  ELSE 'weights to central' END AS name_of_rule,
 CASE WHEN i >= {count} - 200 THEN 'waiting' WHEN i % {every} = 5 THEN 'dead' WHEN i % {every} = 10 THEN 'expired'
  WHEN i % {every} = 15 THEN 'unknown' ELSE 'delivered' END AS fate
 FROM ({row}) AS made WHERE i % 5 = 0 OR rare) AS fates
"""
_LATEST = """
INSERT INTO telemetry_latestreading (device, metric, value, unit, time, message_id)
SELECT device, metric, value, unit, time, message_id FROM telemetry_storedreading AS newest
WHERE id >= {recent} AND id = (SELECT same.id FROM telemetry_storedreading AS same WHERE id >= {recent}
 AND same.device = newest.device AND same.metric = newest.metric ORDER BY id DESC LIMIT 1) ON CONFLICT DO NOTHING
"""
_LETTERS = """
INSERT INTO telemetry_deadletter (id, created_at, message_id, source, topic, stage, rule, rule_version, reason, payload)
SELECT {id4}, at, {id0}, source, topic, 'rule', 'meters to central', 3, 'no such key', {payload}
FROM ({row}) AS made WHERE i % {every} = 25
"""
_LEDGER = """
INSERT INTO telemetry_ledgerentry (link, hour, received, stored, duplicate, dead, dropped, created, delivered, refused,
 expired, unknown)
SELECT link, {hour}, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0
FROM {hours} CROSS JOIN (SELECT 'broker:plant' AS link UNION SELECT 'broker:central' UNION SELECT 'packets'
 UNION SELECT 'device:scale-1' UNION SELECT 'device:scale-2' UNION SELECT 'device:scale-3') AS links
"""


@dataclass(frozen=True, slots=True)
class History:
    """So many messages over DAYS days that end now."""

    count: int
    end: datetime

    @property
    def start(self) -> datetime:
        """When the first message came."""
        return self.end - timedelta(days=DAYS)

    def at(self, share: float) -> datetime:
        """The time at this share of the span."""
        return self.start + share * (self.end - self.start)

    @property
    def every(self) -> int:
        """One message in so many is a rare one; a multiple of 20, so that it is always a meter's."""
        return max(40, self.count // RARE // 20 * 20)


def fill(database: Database, history: History) -> dict[str, float]:
    """Write the history; answers how many rows there are and the seconds that it took."""
    began = time.perf_counter()
    filler: Filler
    if isinstance(database, PostgresqlDatabase):
        filler = PostgresqlFiller(database.url)
    elif isinstance(database, SqliteDatabase):
        filler = SqliteFiller(database.url.removeprefix("sqlite:///"))
    else:
        raise TypeError(f"{database} cannot be filled")
    filler.fill(history)
    counted = {table.removeprefix("telemetry_"): database.number(f"SELECT count(*) FROM {table}") for table in TABLES}
    return {**counted, "filling s": time.perf_counter() - began}


class Filler(ABC):
    """Writes a history into one kind of database: its dialect, and how its indexes are taken away."""

    words: dict[str, str]

    @abstractmethod
    def fill(self, history: History) -> None:
        """Write all of it."""

    def statements(self, template: str, history: History, *, piece: int = _PIECE) -> Iterator[str]:
        """The statement for each piece of the history."""
        for low in range(0, history.count, piece):
            yield self._statement(template, history, low, min(low + piece, history.count) - 1)

    def last(self, history: History) -> list[str]:
        """What needs the others' rows: the newest readings, dead letters, the ledger."""
        everything = (history, 0, history.count - 1)
        return [self._statement(template, *everything) for template in (_LATEST, _LETTERS, _LEDGER)]

    def _statement(self, template: str, history: History, low: int, high: int) -> str:
        span_ms = int((history.end - history.start).total_seconds() * 1000)
        words = self.words | {
            "start_ms": str(int(history.start.timestamp() * 1000)),
            "step_ms": f"{span_ms / history.count:.6f}",
            "every": str(history.every),
            "count": str(history.count),
        }
        words |= {
            "low": str(low),
            "high": str(high),
            "recent": self._id_of(int((history.end.timestamp() - 3600) * 1000)),
            "hour": self.words["hour"].format(**words),
        }
        words["series"] = self.words["series"].format(**words)
        words["row"] = _ROW.format(**words)
        return template.format(**words)

    @abstractmethod
    def _id_of(self, ms: int) -> str:
        """The lowest id of a millisecond, as SQL."""


class PostgresqlFiller(Filler):
    """Two connections at a time; nothing is forced to disk before the end."""

    words = {
        "object": "jsonb_build_object", "true": "true", "false": "false", "false_": "false",
        "power": "round(i * 7919 % 100003 / 100.0, 2)", "voltage": "round((2200 + i * 31 % 200) / 10.0, 1)",
        "total": "i / 1000.0",
        "iso": "to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
        "time": "to_timestamp(ms / 1000.0)", "payload": "convert_to(decoded::text, 'UTF8')",
        "series": "generate_series({low}::bigint, {high}) AS i",
        "hour": "date_trunc('hour', to_timestamp({start_ms} / 1000)) + n * interval '1 hour'",
        "hours": f"generate_series(0, {DAYS * 24}) AS n",
        **{
            f"id{k}": "(lpad(to_hex(ms), 12, '0') || '7" + f"{k:03x}" + "8' || lpad(to_hex(i), 15, '0'))::uuid"
            for k in range(5)
        },
    }  # fmt: skip

    def __init__(self, url: str) -> None:
        self._url = url

    def fill(self, history: History) -> None:
        with psycopg.connect(self._url, autocommit=True) as main, self._unforced(main):
            made = _take_indexes(main)
            with ThreadPoolExecutor(2) as pool:
                messages = pool.submit(self._run, [*self.statements(_MESSAGES, history)])
                rest = [*self.statements(_READINGS, history), *self.statements(_DELIVERIES, history)]
                pool.submit(self._run, rest).result()
                messages.result()
                for done in [pool.submit(self._run, statements) for statements in _in_halves(made)]:
                    done.result()
            self._run(self.last(history))
            main.execute("VACUUM (ANALYZE)")  # as autovacuum does in time
            main.execute("CHECKPOINT")

    def _run(self, statements: Sequence[str]) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("SET synchronous_commit = off")
            connection.execute("SET maintenance_work_mem = '1GB'")
            for statement in statements:
                connection.execute(statement.encode())

    @contextmanager
    def _unforced(self, connection: psycopg.Connection) -> Iterator[None]:
        settings = ("fsync = off", "full_page_writes = off", "max_wal_size = '16GB'")
        for setting in settings:
            connection.execute(f"ALTER SYSTEM SET {setting}".encode())
        connection.execute("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            connection.execute("ALTER SYSTEM RESET ALL")
            connection.execute("SELECT pg_reload_conf()")

    def _id_of(self, ms: int) -> str:
        return f"'{ms >> 16:08x}-{ms & 0xFFFF:04x}-7000-8000-000000000000'::uuid"


def _take_indexes(connection: psycopg.Connection) -> list[str]:
    """Drop the indexes of the large tables; answers the statements that make them again."""
    made = []
    for table in TABLES:
        found = connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema AND tablename = %s", [table]
        ).fetchall()
        for name, definition in found:
            if name == f"{table}_pkey":
                connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}".encode())
                made.append(f"ALTER TABLE {table} ADD CONSTRAINT {name} PRIMARY KEY (id)")
            else:
                connection.execute(f"DROP INDEX {name}".encode())
                made.append(definition.replace(" ON ONLY ", " ON "))
    return made


def _in_halves(statements: Sequence[str]) -> tuple[list[str], list[str]]:
    """The primary keys and indexes of messages, and those of the rest: two at a time do not lock each other out."""
    first = [one for one in statements if "telemetry_message" in one]
    return first, [one for one in statements if one not in first]


class SqliteFiller(Filler):
    """One connection; nothing is forced to disk before the end."""

    words = {
        "object": "json_object", "true": "json('true')", "false": "json('false')", "false_": "0",
        "power": "round(i * 7919 % 100003 / 100.0, 2)", "voltage": "round((2200 + i * 31 % 200) / 10.0, 1)",
        "total": "round(i / 1000.0, 3)",
        "iso": "strftime('%Y-%m-%dT%H:%M:%SZ', at)",
        "time": "strftime('%Y-%m-%d %H:%M:%f', ms / 1000.0, 'unixepoch')", "payload": "CAST(decoded AS blob)",
        "series": "(WITH RECURSIVE s(i) AS (SELECT {low} UNION ALL SELECT i + 1 FROM s WHERE i < {high})"
        " SELECT i FROM s)",
        "hour": "strftime('%Y-%m-%d %H:00:00', {start_ms} / 1000 + n * 3600, 'unixepoch')",
        "hours": f"(WITH RECURSIVE h(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM h WHERE n < {DAYS * 24})"
        " SELECT n FROM h)",
        **{f"id{k}": f"printf('%012x7{k:03x}8%015x', ms, i)" for k in range(5)},
    }  # fmt: skip

    def __init__(self, path: str) -> None:
        self._path = path

    def fill(self, history: History) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None)
        try:
            connection.executescript(
                "PRAGMA synchronous = OFF; PRAGMA cache_size = -500000; PRAGMA temp_store = MEMORY"
            )
            indexes = connection.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
                f" AND tbl_name IN ({', '.join(repr(table) for table in TABLES)})"
            ).fetchall()
            for name, _ in indexes:
                connection.execute(f'DROP INDEX "{name}"')
            for template in (_MESSAGES, _READINGS, _DELIVERIES):
                for statement in self.statements(template, history):
                    connection.execute(statement)
            for _, statement in indexes:
                connection.execute(statement)
            for statement in self.last(history):
                connection.execute(statement)
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()

    def _id_of(self, ms: int) -> str:
        return f"'{ms:012x}70008000000000000000'"


def made_now(count: int) -> History:
    """A history that ends a moment ago, so that no id lies in the future."""
    return History(count, datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1))
