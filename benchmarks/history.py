"""How long each kind of question to the REST API takes over months of history, through Daphne: alone, and four at once.

The history is written inside the database beforehand (`benchmarks.filling`): on PostgreSQL 10 million messages. The
plans of all questions are kept beside the results.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict

import orjson

from benchmarks.filling import History, fill, made_now
from benchmarks.history_calls import KINDS, calls
from benchmarks.hub import ROOT, Hub
from benchmarks.measurement import Floor, Measurement, Sample, Size, percentile
from benchmarks.report import RESULTS
from benchmarks.rest_calls import Call, ask, times_ms

COUNTS = {"postgresql": 10_000_000, "sqlite": 1_000_000}
QUICK = 200_000
TOGETHER = 4
REPEATS = 40
P95_MS = 100.0
SLOW_ON_SQLITE = frozenset(
    {
        *(f"messages value, {which}" for which in ("1 in 60", "only long ago", "rare", "unknown")),
        *(f"messages number{which}" for which in ("", ", nested", ", nested, one")),
        "messages value of a topic",
        "messages key, 1 in 20",
    }
)
"""What SQLite has no index for: measured, without a floor."""
_UNLIMITED = {"RATE_LIMIT_READ": "off"}


def history(database: str, size: Size) -> Sample:
    """One run."""
    made = made_now(COUNTS[database] if size.share >= 1 else QUICK)
    with Hub(database, environment=_UNLIMITED) as hub:
        make_partitions(hub, made)
        figures: Sample = fill(hub.database, made)
        key = hub.manage("create_api_key", "bench", "--scope", "read").split()[-1]
        port = hub.start_web()
        asked = list(calls(made, repeats=size.count(REPEATS, least=5)))
        ask(port, key, [call for call in asked if call.name in ("messages recent", "status")], at_once=1)
        for at_once, said in ((1, ""), (TOGETHER, f", {TOGETHER} at once")):
            for name in KINDS:
                times = times_ms(ask(port, key, [call for call in asked if call.name == name], at_once=at_once), name)
                figures |= {f"{name} p{share} ms{said}": percentile(times, share / 100) for share in (50, 95)}
        keep_plans(hub, key, list(calls(made, repeats=1)))
    return figures


def make_partitions(hub: Hub, made: History) -> None:
    """Those of the months that the history covers."""
    start = made.start.isoformat()
    hub.manage(
        "shell", "--no-imports", "-c",
        "from datetime import datetime; from telemetry.partitions import make_partitions as make;"
        f" make(datetime.fromisoformat('{start}'), months=8)",
    )  # fmt: skip


def keep_plans(hub: Hub, key: str, asked: Sequence[Call]) -> None:
    """Write the plans of these calls to a file beside the results."""
    path = hub.directory / "calls.json"
    path.write_bytes(orjson.dumps([asdict(call) | {"body": None} for call in asked]))
    command = [sys.executable, "-m", "benchmarks.plans", str(path), key]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | hub.environment, check=False, capture_output=True, text=True
    )
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"plans-{hub.kind}.md").write_text(done.stdout + done.stderr)


MEASUREMENTS = [
    Measurement(
        name=f"history-{database}",
        about=f"REST questions over {COUNTS[database]:,} messages in {database}, one caller and {TOGETHER} at once",
        run=lambda size, database=database: history(database, size),  # type: ignore[misc] # bound now
        floors=tuple(
            Floor(f"{name} p95 ms", P95_MS, is_ceiling=True)
            for name in KINDS
            if database == "postgresql" or name not in SLOW_ON_SQLITE
        ),
        runs=1,
    )
    for database in COUNTS
]
