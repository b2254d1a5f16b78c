"""How many messages a second come in over MQTT at QoS 1 and are committed, with a rule running on each.

Counted: what the source sent (and the broker confirmed), the rows that are stored, how often the rule ran, and what
a subscriber of the rule's topic received.
"""

from __future__ import annotations

import multiprocessing
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from multiprocessing.synchronize import Event

import orjson

from benchmarks.hub import Hub
from benchmarks.measurement import Floor, Measurement, Sample, Size
from benchmarks.waiting import wait_for
from benchmarks.wire import Peer, qos1_packets
from simulators.servers.mosquitto import MosquittoServer

FLOORS = {"postgresql": 8_000, "sqlite": 3_000}
COUNTS = {"postgresql": 100_000, "sqlite": 40_000}
WARM_UP = 2_000
_SILENCE_S = 5.0
_SPAWN = multiprocessing.get_context("spawn")

CONFIG = """
version: 1
brokers:
  - {name: plant, host: 127.0.0.1, port: ${broker_port}, protocol: 5}
topics:
  - {name: meters, broker: plant, direction: in, filter: "in/+", qos: 1, codec: json, codec_options: {device_key: id}}
  - {name: high, broker: plant, direction: out, filter: "out/{device}", qos: 1}
rules:
  - name: high power
    sources: [{topic: meters}]
    condition: "readings.power > 100.0"
    transform: {id: device, number: payload.number, kilowatts: readings.power / 1000.0}
    actions: [{publish: high}]
"""


@dataclass(frozen=True, slots=True)
class Load:
    """Of `count` messages, one in `every` satisfies the rule; 0: none."""

    count: int
    every: int

    @property
    def matching(self) -> int:
        """How many the rule publishes."""
        return len(range(0, self.count, self.every)) if self.every else 0

    def payloads(self) -> list[bytes]:
        """A small meter's messages: who it is, a running number, two readings."""
        return [
            orjson.dumps(
                {
                    "id": f"meter-{number % 20}",
                    "number": str(number),
                    "power": 512.5 if self.every and not number % self.every else 48.25,
                    "voltage": 229.0 + number % 30 / 10,
                }
            )
            for number in range(self.count)
        ]


def pour(port: int, load: Load, go: Event) -> None:
    """A source process: everything is built before the start."""
    packets = qos1_packets("in/meters", load.payloads())
    peer = Peer(port, "source")
    go.wait()
    peer.pour(packets)


def drain(port: int, said: Connection, ready: Event) -> None:
    """A sink process: says how many different messages came, once nothing has come for a while or it is asked."""
    peer = Peer(port, "sink")
    peer.subscribe("out/#", 1)
    ready.set()
    seen: set[bytes] = set()
    total = 0
    peer.sock.settimeout(0.2)
    while True:
        try:
            for message in peer.receive():
                total += 1
                seen.add(message.payload)
        except TimeoutError:
            if said.poll():
                said.send((total, len(seen), peer.sock is not None))
                return


class Sink:
    """A subscriber in a process of its own."""

    def __init__(self, port: int) -> None:
        self._said, theirs = _SPAWN.Pipe()
        ready = _SPAWN.Event()
        self._process = _SPAWN.Process(target=drain, args=(port, theirs, ready), daemon=True)
        self._process.start()
        ready.wait(20)

    def close(self) -> tuple[int, int]:
        """How many messages came, and how many different ones."""
        self._said.send(True)
        total, different, _ = self._said.recv()
        self._process.join(10)
        return total, different


def start_source(port: int, load: Load) -> tuple[SpawnProcess, Event]:
    """A source that waits for its event."""
    go = _SPAWN.Event()
    process = _SPAWN.Process(target=pour, args=(port, load, go), daemon=True)
    process.start()
    return process, go


def ingest(database: str, every: int, size: Size) -> Sample:
    """One run."""
    load = Load(size.count(COUNTS[database], least=2_000), every)
    with Hub(database, CONFIG) as hub:
        hub.start_worker()
        _warm_up(hub)
        before = _counters(hub)
        sink = Sink(hub.broker.port)
        source, go = start_source(hub.broker.port, load)
        time.sleep(load.count / 60_000 + 1)  # it builds its packets
        cpu = hub.cpu_seconds()
        began = time.perf_counter()
        go.set()
        took = _until_stored(hub, before["stored"] + load.count) - began
        wait_for(lambda: _counters(hub)["delivered"] >= before["delivered"] + load.matching, "all delivered")
        took_delivering = time.perf_counter() - began
        used = {name: value - cpu[name] for name, value in hub.cpu_seconds().items()}
        source.join(30)
        total, different = sink.close()
        after = _counters(hub)
        stored = after["rows"] - before["rows"]
        return {
            "stored/s": load.count / took,
            "delivered/s": load.matching / took_delivering,
            "sent": load.count,
            "stored": stored,
            "lost": load.count - stored,
            "rule ran": after["ruled"] - before["ruled"],
            "published": load.matching,
            "received": total,
            "not received": load.matching - different,
            **{f"{name} us/message": value / load.count * 1e6 for name, value in used.items()},
        }


def _warm_up(hub: Hub) -> None:
    """Compile, connect, make the first partitions: what happens once is not what is measured."""
    before = _counters(hub)["stored"]
    Peer(hub.broker.port, "warm-up").pour(qos1_packets("in/meters", Load(WARM_UP, 10).payloads()))
    _until_stored(hub, before + WARM_UP)
    wait_for(lambda: _counters(hub)["delivered"] >= WARM_UP // 10, "the warm-up is delivered")


def _until_stored(hub: Hub, count: int) -> float:
    """When so many were committed; gives up when nothing more comes."""
    last, changed_at = -1, time.perf_counter()
    while True:
        stored = hub.database.number("SELECT sum(stored) FROM telemetry_ledgerentry WHERE link = 'broker:plant'")
        now = time.perf_counter()
        if stored >= count:
            return now
        if stored != last:
            last, changed_at = stored, now
        elif now - changed_at > _SILENCE_S:
            raise RuntimeError(f"{count - stored} of {count} messages are missing\n{hub.log('worker')}")
        time.sleep(0.02)


def _counters(hub: Hub) -> dict[str, int]:
    database = hub.database
    return {
        "stored": database.number("SELECT sum(stored) FROM telemetry_ledgerentry WHERE link = 'broker:plant'"),
        "delivered": database.number("SELECT sum(delivered) FROM telemetry_ledgerentry WHERE link = 'broker:plant'"),
        "ruled": database.number("SELECT sum(matched + unmatched) FROM telemetry_rulecount"),
        "rows": database.number("SELECT count(*) FROM telemetry_message WHERE duplicate_of IS NULL"),
    }


def generator_alone(size: Size) -> Sample:
    """How fast the source is into a broker that nobody listens to."""
    load = Load(size.count(200_000), 0)
    with MosquittoServer() as broker:
        source, go = start_source(broker.port, load)
        time.sleep(load.count / 60_000 + 1)
        began = time.perf_counter()
        go.set()
        source.join()
        return {"sent/s": load.count / (time.perf_counter() - began)}


def sink_alone(size: Size) -> Sample:
    """How fast source, broker and sink are without the hub between them."""
    load = Load(size.count(100_000), 1)
    with MosquittoServer() as broker:
        sink = Sink(broker.port)
        packets = qos1_packets("out/meters", load.payloads())
        peer = Peer(broker.port, "source")
        began = time.perf_counter()
        peer.pour(packets)
        total, different = sink.close()
        return {
            "received/s": total / (time.perf_counter() - began),
            "not received": load.count - different,
        }


def _measurement(database: str, name: str, every: int, about: str) -> Measurement:
    return Measurement(
        name=f"ingest-{database}-{name}",
        about=f"MQTT QoS 1 to committed {database} rows; the rule {about}",
        run=lambda size: ingest(database, every, size),
        floors=(Floor("stored/s", FLOORS[database]), Floor("lost", 1, is_ceiling=True)),
    )


MEASUREMENTS = (
    Measurement("ingest-generator", "the source of the ingest measurements alone", generator_alone),
    Measurement("ingest-sink", "source, broker and sink of the ingest measurements without the hub", sink_alone),
    *(
        _measurement(database, name, every, about)
        for database in ("postgresql", "sqlite")
        for name, every, about in (
            ("none", 0, "matches nothing"),
            ("hundredth", 100, "publishes one message in 100"),
            ("all", 1, "publishes every message"),
        )
    ),
)
