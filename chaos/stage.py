"""The hub that is broken: a worker of its own on a real Mosquitto, PostgreSQL and Redis, and what breaks each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from chaos.plan import Fault
from hub.tests.system.databases import PostgresqlDatabase
from hub.tests.system.hub_processes import HubUnderTest
from hub.tests.system.mqtt_peer import MqttPeer
from hub.tests.system.questions import wait_until_connected
from simulators.servers.mosquitto import MosquittoOptions, MosquittoServer
from simulators.servers.postgresql import PostgresqlServer
from simulators.servers.redis import RedisServer

QUALITIES = (1, 2)
LINK = "broker:plant"
_CONFIG = """
version: 1
brokers:
  - {{name: plant, host: 127.0.0.1, port: {port}, protocol: 5}}
topics:
  - {{name: load-1, broker: plant, direction: in, filter: load/1, qos: 1, codec: text}}
  - {{name: load-2, broker: plant, direction: in, filter: load/2, qos: 2, codec: text}}
  - {{name: copies-1, broker: plant, direction: out, filter: copies/1, qos: 1}}
  - {{name: copies-2, broker: plant, direction: out, filter: copies/2, qos: 2}}
rules:
  - {{name: copy 1, sources: [{{topic: load-1}}], actions: [{{publish: copies-1}}]}}
  - {{name: copy 2, sources: [{{topic: load-2}}], actions: [{{publish: copies-2}}]}}
"""


class Stage:
    """Everything runs; `strike` and `heal` are told what breaks and what comes back."""

    def __init__(
        self, directory: Path, server: PostgresqlServer, *, broker: MosquittoServer, redis: RedisServer
    ) -> None:
        self.broker = broker
        self.database = PostgresqlDatabase(server, "patchbay")
        self.hub = HubUnderTest(directory, self.database, redis_url=redis.url, api_key="", secrets={})
        self._strikes: dict[Fault, Callable[[], object]] = {
            Fault.WORKER: self._kill_worker,
            Fault.BROKER: broker.stop,
            Fault.DATABASE: self._stop_database,
            Fault.REDIS: redis.stop,
        }
        self._heals: dict[Fault, Callable[[], object]] = {
            Fault.WORKER: self.hub.start_worker,
            Fault.BROKER: broker.start,
            Fault.DATABASE: server.start,
            Fault.REDIS: redis.start,
        }
        self._server = server

    def begin(self) -> None:
        """Make the tables and the configuration, and wait until the worker holds its link."""
        self.hub.manage("migrate", "--verbosity", "0")
        self.hub.configure(_CONFIG.format(port=self.broker.port))
        self.hub.start_worker()
        wait_until_connected(self.database, LINK, within_s=60)

    def strike(self, fault: Fault) -> None:
        """Break it."""
        self._strikes[fault]()

    def heal(self, fault: Fault) -> None:
        """Let it come back."""
        self._heals[fault]()

    def close(self) -> None:
        """End the hub."""
        self.hub.close()
        self.database.close()

    def _kill_worker(self) -> None:
        self.hub.worker.kill()

    def _stop_database(self) -> None:
        self.database.close()
        self._server.kill()


class Peers(NamedTuple):
    """Foreign clients, by quality of service. A witness gets from the broker what the hub gets, and is never broken."""

    sources: dict[int, MqttPeer]
    sinks: dict[int, MqttPeer]
    witnesses: dict[int, MqttPeer]


@contextmanager
def open_stage() -> Iterator[Stage]:
    """A stage on servers of its own, all on the loopback; everything is gone afterwards."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(TemporaryDirectory(prefix="patchbay-chaos-", ignore_cleanup_errors=True)))
        broker = stack.enter_context(MosquittoServer(MosquittoOptions(is_persistent=True)))
        redis = stack.enter_context(RedisServer())
        server = stack.enter_context(PostgresqlServer())
        server.create("patchbay")
        stage = Stage(directory, server, broker=broker, redis=redis)
        stack.callback(stage.close)
        stage.begin()
        yield stage


@contextmanager
def peers(broker: MosquittoServer) -> Iterator[Peers]:
    """Their sessions outlive the broker's restarts."""
    sources = {qos: MqttPeer(broker, f"source-{qos}").start() for qos in QUALITIES}
    sinks = {qos: MqttPeer(broker, f"sink-{qos}", [(f"copies/{qos}", qos)]).start() for qos in QUALITIES}
    witnesses = {qos: MqttPeer(broker, f"witness-{qos}", [(f"load/{qos}", qos)]).start() for qos in QUALITIES}
    try:
        yield Peers(sources, sinks, witnesses)
    finally:
        for peer in (*sources.values(), *sinks.values(), *witnesses.values()):
            peer.stop()
