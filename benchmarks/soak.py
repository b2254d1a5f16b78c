"""Whether a worker's memory stays flat: its resident memory while messages pass at a steady rate for minutes."""

from __future__ import annotations

import multiprocessing
import time

import psutil

from benchmarks.hub import Hub
from benchmarks.ingest import CONFIG, Load
from benchmarks.measurement import Floor, Measurement, Sample, Size
from benchmarks.waiting import wait_for
from benchmarks.wire import Peer, qos1_packets

RATE = 1_000
SECONDS = 300.0
SETTLING_SHARE = 0.25
"""The first quarter is not looked at: caches and windows fill."""
MOST_MB_PER_MINUTE = 1.0
_EVERY_S = 1.0


def trickle(port: int, count: int) -> None:
    """A source process at RATE messages a second."""
    Peer(port, "source").pour(qos1_packets("in/meters", Load(count, 10).payloads()), rate=RATE)


def soak(database: str, size: Size) -> Sample:
    """One run."""
    seconds = size.seconds(SECONDS, least=20)
    count = int(RATE * seconds)
    with Hub(database, CONFIG) as hub:
        hub.start_worker()
        worker = psutil.Process(hub.pid("worker"))
        source = multiprocessing.get_context("spawn").Process(
            target=trickle, args=(hub.broker.port, count), daemon=True
        )
        source.start()
        wait_for(lambda: _stored(hub) > 0, "the first message")
        began = time.monotonic()
        points: list[tuple[float, float]] = []
        while source.is_alive():
            points.append(((time.monotonic() - began) / 60, worker.memory_info().rss / 2**20))
            time.sleep(_EVERY_S)
        wait_for(lambda: _stored(hub) >= count, "everything is stored", within_s=30)
        settled = points[int(len(points) * SETTLING_SHARE) :]
        return {
            "MB at first": points[0][1],
            "MB settled": settled[0][1],
            "MB at last": points[-1][1],
            "MB/min": slope(settled),
            "sent": count,
            "lost": count - _stored(hub),
            "worker cpu %": sum(worker.cpu_times()[:2]) / seconds * 100,
        }


def _stored(hub: Hub) -> int:
    return hub.database.number("SELECT sum(stored) FROM telemetry_ledgerentry WHERE link = 'broker:plant'")


def slope(points: list[tuple[float, float]]) -> float:
    """Of the straight line through these points, by least squares."""
    count = len(points)
    middle_x, middle_y = (sum(point[axis] for point in points) / count for axis in (0, 1))
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / spread if spread else 0.0


MEASUREMENTS = tuple(
    Measurement(
        name=f"soak-{database}",
        about=f"the worker's memory at {RATE:,} messages/s into {database} for {SECONDS / 60:g} minutes",
        run=lambda size, database=database: soak(database, size),  # type: ignore[misc]
        floors=(Floor("MB/min", MOST_MB_PER_MINUTE, is_ceiling=True), Floor("lost", 1, is_ceiling=True)),
        runs=1,
    )
    for database in ("postgresql", "sqlite")
)
