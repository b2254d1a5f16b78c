"""From `POST /api/v1/packets` until a subscriber of MQTT_PUBLISH_TOPIC has it: the way of a hub set up by `.env`.

Packets come at a steady rate, from several clients; each is stored and committed on its way. Counted: what never came.
"""

from __future__ import annotations

import http.client
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import orjson

from benchmarks.hub import Hub
from benchmarks.measurement import Floor, Measurement, Sample, Size, percentile
from benchmarks.wire import Peer

TOPIC = "hub/packets"
PACKETS = 1_000
PER_S = 50
CLIENTS = 4
WARM_UP = 50
P95_MS = 500.0
_LAST_ONES_S = 5.0


class Subscriber:
    """Notes when each packet came, by its device's name."""

    def __init__(self, port: int) -> None:
        self.seen: dict[str, float] = {}
        self._peer = Peer(port, "subscriber")
        self._peer.subscribe(TOPIC, 1)
        self._peer.sock.settimeout(0.1)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._ends.is_set():
            try:
                found = self._peer.receive()
            except TimeoutError:
                continue
            now = time.perf_counter()
            for packet in found:
                self.seen.setdefault(orjson.loads(packet.payload)["device_id"], now)

    def close(self) -> None:
        """End it."""
        self._ends.set()
        self._thread.join()
        self._peer.sock.close()


def publish(database: str, size: Size) -> Sample:
    """One run."""
    count = size.count(PACKETS, least=100)
    environment = {
        "MQTT_URL": "mqtt://127.0.0.1:${broker_port}", "MQTT_PUBLISH_TOPIC": TOPIC, "RATE_LIMIT_SUBMIT": "off",
    }  # fmt: skip
    with Hub(database, environment=environment) as hub:
        hub.manage("make_first_rows")
        key = hub.manage("create_api_key", "bench", "--scope", "submit").split()[-1]
        hub.start_worker()
        port = hub.start_web()
        subscriber = Subscriber(hub.broker.port)
        try:
            post_all(port, key, "warm", WARM_UP)
            sent = post_all(port, key, "board", count)
            until = time.perf_counter() + _LAST_ONES_S
            while not sent.keys() <= subscriber.seen.keys() and time.perf_counter() < until:
                time.sleep(0.02)
        finally:
            subscriber.close()
    took = [(subscriber.seen[name] - at) * 1e3 for name, at in sent.items() if name in subscriber.seen]
    figures = {f"p{share} ms": percentile(took, share / 100) for share in (50, 95, 99)} if took else {}
    return {**figures, "sent": count, "not received": count - len(took)}


def post_all(port: int, key: str, name: str, count: int) -> dict[str, float]:
    """When each packet was about to be sent, by its device's name."""
    began = time.perf_counter()
    kept = threading.local()

    def post(number: int) -> tuple[str, float]:
        if not hasattr(kept, "connection"):
            kept.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        device = f"{name}-{number}"
        body = orjson.dumps(
            {"device_id": device, "timestamp": "2026-01-31T12:00:00Z", "measurements": {"temperature": 21.5}}
        )
        headers = {"Authorization": f"Api-Key {key}", "Content-Type": "application/json"}
        time.sleep(max(0.0, began + number / PER_S - time.perf_counter()))
        at = time.perf_counter()
        kept.connection.request("POST", "/api/v1/packets", body, headers)
        answer = kept.connection.getresponse()
        said = answer.read()
        if answer.status != 201:
            raise RuntimeError(f"refused: {answer.status} {said!r}")
        return device, at

    with ThreadPoolExecutor(CLIENTS) as pool:
        return dict(pool.map(post, range(count)))


MEASUREMENTS = [
    Measurement(
        name=f"publish-{database}",
        about=f"POST of a packet until a subscriber of MQTT_PUBLISH_TOPIC has it, {PER_S}/s, {database}",
        run=lambda size, database=database: publish(database, size),  # type: ignore[misc] # bound now
        floors=(Floor("p95 ms", P95_MS, is_ceiling=True), Floor("not received", 1, is_ceiling=True)),
    )
    for database in ("postgresql", "sqlite")
]
