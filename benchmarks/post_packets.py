"""`POST /api/v1/packets` through Daphne with an API key: requests a second and their times, 16 at once.

The connections are kept open, each request waits for its answer, and every answer means a committed packet. Counted:
answers against stored packets.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time

import orjson

from benchmarks.hub import Hub
from benchmarks.measurement import Floor, Measurement, Sample, Size, percentile

CONCURRENCY = 16
REQUESTS = 4_000
WARM_UP = 200
P95_MS = 100.0

CONFIG = """
version: 1
brokers:
  - {name: plant, host: 127.0.0.1, port: ${broker_port}, protocol: 5}
topics:
  - {name: packets, broker: plant, direction: out, filter: "packets/{device}", qos: 1}
rules:
  - name: packets to plant
    sources: [{packets: true}]
    condition: "readings.temperature > -50.0"
    actions: [{publish: packets}]
"""


def post_packets(database: str, size: Size) -> Sample:
    """One run: with a worker that publishes each packet."""
    count = size.count(REQUESTS, least=10 * CONCURRENCY)
    # The limits of requests a minute are for strangers, not for a measurement.
    with Hub(database, CONFIG, environment={"RATE_LIMIT_SUBMIT": "off"}) as hub:
        key = hub.manage("create_api_key", "bench", "--scope", "submit").split()[-1]
        hub.start_worker()
        port = hub.start_web()
        measure_elsewhere(port, key, WARM_UP)
        before, cpu = _stored(hub), hub.cpu_seconds()
        took, times = measure_elsewhere(port, key, count)
        used = {name: value - cpu[name] for name, value in hub.cpu_seconds().items()}
        return {
            "requests/s": count / took,
            "p50 ms": percentile(times, 0.5) * 1e3,
            "p95 ms": percentile(times, 0.95) * 1e3,
            "p99 ms": percentile(times, 0.99) * 1e3,
            "sent": count,
            "stored": _stored(hub) - before,
            "lost": count - (_stored(hub) - before),
            **{f"{name} us/request": value / count * 1e6 for name, value in used.items()},
        }


def _stored(hub: Hub) -> int:
    return hub.database.number("SELECT count(*) FROM telemetry_message WHERE source = 'packets'")


def measure_elsewhere(port: int, key: str, count: int) -> tuple[float, list[float]]:
    """As `measure`, in a process of its own, so that the client does not share a core's time with what waits here."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, (port, key, count))


def measure(port: int, key: str, count: int) -> tuple[float, list[float]]:
    """Seconds for all requests, and for each."""
    return asyncio.run(_measure(port, key, count))


async def _measure(port: int, key: str, count: int) -> tuple[float, list[float]]:
    times: list[float] = []
    numbers = iter(range(count))
    began = time.perf_counter()
    await asyncio.gather(*(_client(port, key, numbers, times) for _ in range(CONCURRENCY)))
    return time.perf_counter() - began, times


async def _client(port: int, key: str, numbers: object, times: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number in numbers:  # type: ignore[attr-defined]
        began = time.perf_counter()
        writer.write(_request(key, number))
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        body = await reader.readexactly(length)
        times.append(time.perf_counter() - began)
        if b" 201 " not in head[:20]:
            raise RuntimeError(f"refused: {head[:100]!r} {body!r}")
    writer.close()


def _request(key: str, number: int) -> bytes:
    body = orjson.dumps(
        {
            "device_id": f"sensor-{number % 20}",
            "timestamp": "2026-01-31T12:00:00Z",
            "measurements": {"temperature": 21.5 + number % 10, "humidity": 40.25},
            "battery": 87,
        }
    )
    head = (
        "POST /api/v1/packets HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Api-Key {key}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


MEASUREMENTS = tuple(
    Measurement(
        name=f"post-packets-{database}",
        about=f"POST of packets through Daphne into {database}, {CONCURRENCY} at once",
        run=lambda size, database=database: post_packets(database, size),  # type: ignore[misc]
        floors=(Floor("p95 ms", P95_MS, is_ceiling=True), Floor("lost", 1, is_ceiling=True)),
    )
    for database in ("postgresql", "sqlite")
)
