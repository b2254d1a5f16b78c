"""How quickly open browsers see a committed message: a publisher, Redis, one real web process, many WebSockets.

    python -m benchmarks.live [--browsers 100 500] [--rate 10] [--seconds 10] [--server daphne|uvicorn]

The browsers are bare sockets in a process of their own, so that they cost as little as possible. Fails when 100
browsers at 10 messages a second do not all see them within 100 ms (99th percentile).
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import multiprocessing
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import quantiles

from simulators.servers.redis import RedisServer
from simulators.servers.web import ROOT, WebServer
from telemetry.ids import new_id
from telemetry.live.events import message_event
from telemetry.live.publisher import LivePublisher
from telemetry.values import Reading

FLOOR_MS = 100.0
SENT_AT = re.compile(rb"sent_ns=(\d+)")
SETTLE_S = 2.0
PREPARE = """
import django; django.setup()
from django.contrib.auth.models import User
from django.contrib.auth import SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.conf import settings
user = User.objects.create_user("bench", is_staff=True)
session = SessionStore()
session.update({SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend",
                HASH_SESSION_KEY: user.get_session_auth_hash()})
session.create()
print(f"{settings.SESSION_COOKIE_NAME}={session.session_key}")
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What the browsers saw. Times in milliseconds from publishing to arrival."""

    browsers: int
    sent: int
    delays_ms: list[float]
    elapsed_s: float

    def __str__(self) -> str:
        cuts = quantiles(self.delays_ms, n=100)
        lost = self.browsers * self.sent - len(self.delays_ms)
        return (
            f"{self.browsers:>4} browsers  {self.sent / self.elapsed_s:>6.1f} messages/s  "
            f"{len(self.delays_ms) / self.elapsed_s:>8,.0f} deliveries/s  "
            f"p50 {cuts[49]:>6.1f} ms  p99 {cuts[98]:>6.1f} ms  not seen {lost}"
        )

    @property
    def p99_ms(self) -> float:
        """The 99th percentile."""
        return quantiles(self.delays_ms, n=100)[98]


class Browser(asyncio.Protocol):
    """A bare WebSocket client: notes when each message arrived, answers pings."""

    def __init__(self, port: int, cookie: str, delays_ns: list[int]) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        self._hello = (
            f"GET /ws/live/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nCookie: {cookie}\r\n\r\n"
        ).encode()
        self._delays_ns = delays_ns
        self._buffer = bytearray()
        self._is_open = False
        self._transport: asyncio.Transport | None = None
        self.has_snapshot = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        transport.write(self._hello)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        now = time.monotonic_ns()
        self._buffer += data
        if not self._is_open:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            if b" 101 " not in head:
                raise ConnectionError(head.decode(errors="replace"))
            self._is_open, self._buffer = True, rest
        for opcode, payload in self._frames():
            self._take(opcode, payload, now)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.has_snapshot.done():
            self.has_snapshot.set_exception(ConnectionError("closed before the snapshot"))

    def _take(self, opcode: int, payload: bytes, now: int) -> None:
        if opcode == 9 and self._transport:
            self._transport.write(bytes((0x8A, 0x80 | len(payload), 0, 0, 0, 0)) + payload)
        elif b'"type":"snapshot"' in payload[:40]:
            if not self.has_snapshot.done():
                self.has_snapshot.set_result(None)
        else:
            self._delays_ns.extend(now - int(sent) for sent in SENT_AT.findall(payload))

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        while len(self._buffer) >= 2:
            size, start = self._buffer[1] & 0x7F, 2
            if size >= 126:
                start = 4 if size == 126 else 10
                size = int.from_bytes(self._buffer[2:start], "big")
            if len(self._buffer) < start + size:
                return
            opcode, payload = self._buffer[0] & 0x0F, bytes(self._buffer[start : start + size])
            del self._buffer[: start + size]
            yield opcode, payload


async def browse(port: int, cookie: str, count: int, pipe: Connection) -> None:
    """Open the browsers, say so, and hand back all delays when told to end."""
    loop = asyncio.get_running_loop()
    delays_ns: list[int] = []
    browsers = []
    for _ in range(count):
        _, browser = await loop.create_connection(lambda: Browser(port, cookie, delays_ns), "127.0.0.1", port)
        browsers.append(browser)
        if len(browsers) % 50 == 0:
            await browser.has_snapshot
    await asyncio.gather(*(browser.has_snapshot for browser in browsers))
    pipe.send("open")
    await asyncio.to_thread(pipe.recv)
    pipe.send(delays_ns)


def browse_in_process(port: int, cookie: str, count: int, pipe: Connection) -> None:
    """The whole of the browsers' process."""
    asyncio.run(browse(port, cookie, count, pipe))


def measure(web: WebServer, redis: RedisServer, cookie: str, *, browsers: int, rate: float, seconds: float) -> Result:
    """One run."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    arguments = (web.port, cookie, browsers, theirs)
    process = multiprocessing.get_context("spawn").Process(target=browse_in_process, args=arguments)
    process.start()
    if not ours.poll(60):
        raise RuntimeError(f"the browsers did not open\n{web.said[-3000:]}")
    ours.recv()
    publisher = LivePublisher(redis.url)
    sent = int(rate * seconds)
    start = time.monotonic()
    for number in range(sent):
        time.sleep(max(0.0, start + number / rate - time.monotonic()))
        publish(publisher)
    elapsed_s = time.monotonic() - start
    time.sleep(SETTLE_S)
    ours.send("end")
    result = Result(browsers, sent, [delay / 1e6 for delay in ours.recv()], elapsed_s)
    publisher.close()
    process.join()
    return result


def publish(publisher: LivePublisher) -> None:
    """One message, as a worker tells of it after its commit."""
    payload = b'{"t": 21.5, "h": 40, "sent": "sent_ns=%d"}' % time.monotonic_ns()
    event = message_event(
        new_id(),
        datetime.now(UTC),
        source="broker:plant",
        topic="plant/hall/1",
        device="esp32",
        payload=payload,
        readings=[Reading("t", 21.5), Reading("h", 40.0)],
    )
    publisher.publish([event])


@contextmanager
def hub(kind: str) -> Iterator[tuple[WebServer, RedisServer, str]]:
    """A web process with an empty database, its Redis, and the cookie of somebody who is logged in."""
    with tempfile.TemporaryDirectory(prefix="bench-live-") as directory, RedisServer() as redis:
        environment = {
            "PATCHBAY_ENV_FILE": os.devnull,
            "DJANGO_SETTINGS_MODULE": "hub.settings",
            "DATA_DIR": directory,
            "DATABASE_URL": f"sqlite:///{Path(directory) / 'bench.sqlite3'}",
            "SECRET_KEY": base64.b64encode(os.urandom(48)).decode(),
            "REDIS_URL": redis.url,
            "LOG_FILE": "-",
        }
        whole = {**os.environ, **environment}
        subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], cwd=ROOT, env=whole, check=True)
        prepared = subprocess.run(
            [sys.executable, "-c", PREPARE], cwd=ROOT, env=whole, check=True, stdout=subprocess.PIPE, text=True
        )
        with WebServer(kind, environment) as web:  # type: ignore[arg-type]
            yield web, redis, prepared.stdout.strip().splitlines()[-1]


def main() -> int:
    """Run the measurements; 1 when the floor is not met."""
    parser = argparse.ArgumentParser(description="How quickly open browsers see a committed message.")
    parser.add_argument("--browsers", type=int, nargs="+", default=[100, 500])
    parser.add_argument("--rate", type=float, default=10.0, help="messages a second")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--server", choices=["daphne", "uvicorn"], default="daphne")
    given = parser.parse_args()
    is_met = True
    with hub(given.server) as (web, redis, cookie):
        for browsers in given.browsers:
            result = measure(web, redis, cookie, browsers=browsers, rate=given.rate, seconds=given.seconds)
            print(f"{given.server}  {result}", flush=True)
            if (browsers, given.rate) == (100, 10.0) and result.p99_ms >= FLOOR_MS:
                print(f"the floor is p99 < {FLOOR_MS:g} ms")
                is_met = False
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
