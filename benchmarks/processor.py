"""How many messages a minute go through a batch rule, from a source over MQTT to outputs that are committed.

The rule works every second on what came, by device, and pushes an event for each batch. Counted: the messages that
every event tells of, so that a message left out, or counted twice, shows.
"""

from __future__ import annotations

import time

import orjson

from benchmarks.hub import Hub
from benchmarks.ingest import Load, start_source
from benchmarks.measurement import Floor, Measurement, Sample, Size
from benchmarks.waiting import wait_for
from benchmarks.wire import Peer, qos1_packets

COUNTS = {"postgresql": 60_000, "sqlite": 30_000}
OLD_TARGET = 1_000  # messages a minute, of the systems that this hub replaces
WARM_UP = 1_000

CONFIG = """
version: 1
brokers:
  - {name: plant, host: 127.0.0.1, port: ${broker_port}, protocol: 5}
topics:
  - {name: meters, broker: plant, direction: in, filter: "in/+", qos: 1, codec: json, codec_options: {device_key: id}}
rules:
  - name: means
    sources: [{topic: meters}]
    every: 1
    condition: "batch.count > 0"
    transform: {id: device, count: batch.count, power: batch.metrics.power.mean, high: batch.metrics.power.max}
    actions: [{event: means}]
"""


def process(database: str, size: Size) -> Sample:
    """One run: the source is much faster than the processor, so a backlog grows and is worked off."""
    load = Load(size.count(COUNTS[database], least=2_000), 10)
    with Hub(database, CONFIG) as hub:
        hub.start_worker()
        Peer(hub.broker.port, "warm-up").pour(qos1_packets("in/meters", Load(WARM_UP, 10).payloads()))
        wait_for(lambda: _processed(hub) >= WARM_UP, "the warm-up is processed")
        source, go = start_source(hub.broker.port, load)
        time.sleep(load.count / 60_000 + 1)  # it builds its packets
        began, most_waiting, cpu = time.perf_counter(), 0, hub.cpu_seconds()
        go.set()
        while _processed(hub) < WARM_UP + load.count and time.perf_counter() - began < 300:
            most_waiting = max(most_waiting, _waiting(hub))
            time.sleep(0.1)
        took = time.perf_counter() - began
        used = {name: value - cpu[name] for name, value in hub.cpu_seconds().items()}
        source.join(30)
        told, events = _told(hub)
        return {
            "messages/min": load.count / took * 60,
            "sent": load.count,
            "processed": _processed(hub) - WARM_UP,
            "told by events": told - WARM_UP,
            "left out or twice": abs(told - WARM_UP - load.count),
            "events": events,
            "most waiting": most_waiting,
            **{f"{name} us/message": value / load.count * 1e6 for name, value in used.items()},
        }


def _processed(hub: Hub) -> int:
    return hub.database.number("SELECT sum(delivered) FROM telemetry_ledgerentry WHERE link = 'rule:means'")


def _waiting(hub: Hub) -> int:
    return hub.database.number(
        "SELECT sum(created) - sum(delivered) FROM telemetry_ledgerentry WHERE link = 'rule:means'"
    )


def _told(hub: Hub) -> tuple[int, int]:
    """How many messages all events tell of, and how many events there are."""
    rows = hub.database.rows("SELECT payload FROM telemetry_delivery WHERE kind = 'event'")
    return sum(orjson.loads(bytes(payload))["count"] for (payload,) in rows), len(rows)


MEASUREMENTS = [
    Measurement(
        name=f"processor/{database}",
        about=f"messages a minute through a batch rule, on {database}",
        run=lambda size, database=database: process(database, size),  # type: ignore[misc] # bound now
        floors=(Floor("messages/min", OLD_TARGET), Floor("left out or twice", 1, is_ceiling=True)),
    )
    for database in ("postgresql", "sqlite")
]
