"""How long a line takes from a serial device to a subscriber of the rule's topic, history and rule included.

A pseudo-terminal is the wire. The clock starts before the line is written and stops when the subscriber has the
message: framing, decoding, rule, commit, hand-over, broker and two sockets lie between.
"""

from __future__ import annotations

import time
from threading import Thread

from benchmarks.hub import Hub
from benchmarks.measurement import Floor, Measurement, Sample, Size, percentile
from benchmarks.wire import Peer
from simulators.pseudo_terminal import PseudoTerminal

LINES_PER_S = 100
SECONDS = 20.0
WARM_UP_LINES = 100
P99_MS = 10.0
_PATIENCE_S = 5.0

CONFIG = """
version: 1
brokers:
  - {name: plant, host: 127.0.0.1, port: ${broker_port}, protocol: 5}
devices:
  - {name: scale, driver: lines, port: ${directory}/ttyUSB_SCALE, baud: 9600, options: {metric: weight}}
topics:
  - {name: weights, broker: plant, direction: out, filter: scale/weight, qos: 1}
rules:
  - name: publish weights
    sources: [{device: scale}]
    condition: "readings.weight >= 0.0"
    actions: [{publish: weights}]
"""


class Subscriber(Thread):
    """Notes when each message came."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self._peer = Peer(port, "subscriber")
        self._peer.subscribe("scale/weight", 1)
        self.came: dict[bytes, float] = {}

    def run(self) -> None:
        """Until the broker ends."""
        try:
            while True:
                messages = self._peer.receive()
                now = time.perf_counter()
                for message in messages:
                    self.came.setdefault(message.payload, now)
        except ConnectionError:
            return


def serial_latency(database: str, size: Size) -> Sample:
    """One run."""
    count = int(LINES_PER_S * size.seconds(SECONDS))
    with Hub(database, CONFIG) as hub, PseudoTerminal(hub.directory / "ttyUSB_SCALE") as scale:
        hub.start_worker()
        subscriber = Subscriber(hub.broker.port)
        subscriber.start()
        _write(scale, 0, WARM_UP_LINES)
        cpu = hub.cpu_seconds()
        written = _write(scale, WARM_UP_LINES, count)
        limit = time.monotonic() + _PATIENCE_S
        while any(line not in subscriber.came for line in written) and time.monotonic() < limit:
            time.sleep(0.05)
        used = {name: value - cpu[name] for name, value in hub.cpu_seconds().items()}
        times = [subscriber.came[line] - at for line, at in written.items() if line in subscriber.came]
        stored = hub.database.number("SELECT count(*) FROM telemetry_message WHERE kind = 'message'")
        return {
            "p50 ms": percentile(times, 0.5) * 1e3,
            "p99 ms": percentile(times, 0.99) * 1e3,
            "max ms": max(times) * 1e3,
            "sent": count,
            "stored": stored - WARM_UP_LINES,
            "lost": 2 * count - (stored - WARM_UP_LINES) - len(times),  # not stored, or not delivered
            **{f"{name} cpu %": value / (count / LINES_PER_S) * 100 for name, value in used.items()},
        }


def _write(scale: PseudoTerminal, first: int, count: int) -> dict[bytes, float]:
    """Write numbered weights at an even pace; answers when each was written."""
    written = {}
    began = time.perf_counter()
    for number in range(count):
        while (early_s := began + number / LINES_PER_S - time.perf_counter()) > 0:
            time.sleep(early_s)
        line = b"%d.%03d g" % divmod(first + number, 1000)
        written[line] = time.perf_counter()
        scale.write(line + b"\r\n")
    return written


MEASUREMENTS = tuple(
    Measurement(
        name=f"serial-latency-{database}",
        about=f"a serial line to an MQTT subscriber, {LINES_PER_S} lines/s, history in {database}",
        run=lambda size, database=database: serial_latency(database, size),  # type: ignore[misc]
        floors=(Floor("p99 ms", P99_MS, is_ceiling=True), Floor("lost", 1, is_ceiling=True)),
    )
    for database in ("postgresql", "sqlite")
)
