"""The time of every REST operation of the OpenAPI document, through Daphne, with history behind it.

One caller after the other, and four at once: then they wait for each other, since a web process computes on one core.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from uuid import UUID

import yaml

from benchmarks.endpoint_calls import (
    CONFIG,
    EXEMPT,
    configured_calls,
    lists,
    operations,
    preparing_calls,
    single_calls,
)
from benchmarks.filling import fill, made_now
from benchmarks.history import make_partitions
from benchmarks.hub import Hub
from benchmarks.measurement import Floor, Measurement, Sample, Size, percentile
from benchmarks.rest_calls import Call, ask, times_ms

MESSAGES = 200_000
CALLS = 40
TOGETHER = 4
P95_MS = 100.0
PREPARE = """
from datetime import UTC, datetime
from telemetry.models import Alert, Delivery
now = datetime.now(UTC)
for number in range({count}):
    Alert.objects.create(rule="made", subject=f"host:{{number}}", severity="info", state="open", detail="made",
                         bad_since=now, seen_at=now, opened_at=now)
    Delivery.objects.create(created_at=now, source="device:scale-1", kind="write", target="device:printer",
                            payload=b"x", state="delivered", done_at=now)
"""
_BARE_ID = re.compile(r"[0-9a-f]{32}")
_SCOPES = ("admin", "relay")
_UNLIMITED = {f"RATE_LIMIT_{name}": "off" for name in ("READ", "SUBMIT", "COMMAND", "CONFIGURE", "ADMIN", "ANONYMOUS")}


def endpoints(database: str, size: Size) -> Sample:
    """One run. The slowest p95 of calls one after the other has the floor; each operation has its figures."""
    made, count = made_now(size.count(MESSAGES)), size.count(CALLS, least=8)
    with Hub(database, CONFIG, environment=_UNLIMITED) as hub:
        make_partitions(hub, made)
        fill(hub.database, made)
        key = hub.manage("create_api_key", "bench", "--scope", *_SCOPES).split()[-1]
        port = hub.start_web()
        prepare(hub, 2 * count)
        ask(port, key, [*preparing_calls(), *lists(2)], at_once=1)  # what a process reads once, it has read then
        ids = found(hub, 2 * count, made.end.strftime("%Y-%m"))
        alone = _figures(hub, port, key, _calls(count, ids, half=0), at_once=1)
        together = _figures(hub, port, key, _calls(count, ids, half=1), at_once=TOGETHER)
        known = operations(schema(port, key))
        missing = [name for name in known if f"{name} p95 ms" not in alone and name not in EXEMPT]
        for name in missing:
            print(f"not measured: {name}", flush=True)
    return {
        "slowest p95 ms": _slowest(alone),
        f"slowest p95 ms, {TOGETHER} at once": _slowest(together),
        "operations": sum(name.endswith("p95 ms") for name in alone),
        "not measured": len(missing),
        **alone,
        **{f"{name}, {TOGETHER} at once": figure for name, figure in together.items()},
    }


def _calls(count: int, ids: Mapping[str, Sequence[str]], *, half: int) -> list[Call]:
    """Every operation so many times. What can be done once to a row is done to one half of the rows."""
    mine = {kind: found[half * count : (half + 1) * count] if len(found) > 1 else found for kind, found in ids.items()}
    return [*configured_calls(count), *single_calls(count, mine)]


def _figures(hub: Hub, port: int, key: str, calls: Sequence[Call], *, at_once: int) -> Sample:
    """By operation, how long it took, and what the web process computed for it."""
    figures: Sample = {}
    for name, group in groupby(calls, key=lambda call: call.name):
        before = hub.cpu_seconds()["web"]
        times = times_ms(ask(port, key, list(group), at_once=at_once), name)
        figures[f"{name} p50 ms"] = percentile(times, 0.5)
        figures[f"{name} p95 ms"] = percentile(times, 0.95)
        figures[f"{name} web cpu ms"] = (hub.cpu_seconds()["web"] - before) * 1e3 / len(times)
    return figures


def _slowest(figures: Sample) -> float:
    return max(figure for name, figure in figures.items() if name.endswith("p95 ms"))


def schema(port: int, key: str) -> dict[str, object]:
    """The OpenAPI document."""
    answer = ask(port, key, [Call("schema", "/api/schema/")], at_once=1)[0]
    document: dict[str, object] = yaml.load(answer.body, Loader=yaml.CSafeLoader)
    return document


def prepare(hub: Hub, count: int) -> None:
    """What history alone does not have: alerts, and writes that were delivered."""
    hub.manage("shell", "--no-imports", "-c", PREPARE.format(count=count))


def found(hub: Hub, count: int, month: str) -> dict[str, list[str]]:
    """Ids that the calls need."""
    queries = {
        "messages": "telemetry_message ORDER BY id DESC",
        "packets": "telemetry_message WHERE source = 'packets' ORDER BY id DESC",
        "dead": "telemetry_delivery WHERE state IN ('dead', 'expired') ORDER BY id DESC",
        "written": "telemetry_delivery WHERE kind = 'write' ORDER BY id DESC",
        "alerts": "telemetry_alert ORDER BY id DESC",
    }
    ids = {name: _column(hub, f"SELECT CAST(id AS text) FROM {rest} LIMIT {count}") for name, rest in queries.items()}
    names = _column(hub, "SELECT DISTINCT device FROM telemetry_latestreading ORDER BY 1")
    ids["seen"] = [name for name in names if name not in ("scale-1", "probe")][:count]
    return ids | {"month": [month], "packs": ["mt-sics"] * count}


def _column(hub: Hub, statement: str) -> list[str]:
    return [_hyphened(str(row[0])) for row in hub.database.rows(statement)]


def _hyphened(text: str) -> str:
    """An id as the API writes it: SQLite keeps it without hyphens."""
    return str(UUID(text)) if _BARE_ID.fullmatch(text) else text


MEASUREMENTS = [
    Measurement(
        name=f"endpoints-{database}",
        about=f"every REST operation with {MESSAGES:,} messages in {database}, one caller and {TOGETHER} at once",
        run=lambda size, database=database: endpoints(database, size),  # type: ignore[misc] # bound now
        floors=(Floor("slowest p95 ms", P95_MS, is_ceiling=True), Floor("not measured", 1, is_ceiling=True)),
    )
    for database in ("postgresql", "sqlite")
]
