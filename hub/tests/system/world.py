"""The world around one hub under test: two brokers with TLS and passwords, Redis, serial wires and foreign clients."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import psycopg

from hub.tests.system import mqtt_peer
from hub.tests.system.databases import HubDatabase, PostgresqlDatabase, SqliteDatabase
from hub.tests.system.hub_processes import HubUnderTest
from hub.tests.system.mqtt_peer import MqttPeer
from hub.tests.system.questions import overview
from simulators.pseudo_terminal import PseudoTerminal
from simulators.servers.mosquitto import MosquittoOptions, MosquittoServer
from simulators.servers.redis import RedisServer
from simulators.simulator import Simulator

Device = TypeVar("Device", bound=Simulator)
HUB_USER, HUB_PASSWORD = "hub", "the hub's own password"
_USERS = {HUB_USER: HUB_PASSWORD, mqtt_peer.USER: mqtt_peer.PASSWORD}


@dataclass(frozen=True, slots=True)
class Template:
    """A migrated database to copy, and the API key that it knows."""

    database: HubDatabase
    api_key: str

    def copy(self, directory: Path) -> HubDatabase:
        """A database of one's own."""
        if isinstance(self.database, SqliteDatabase):
            return self.database.copy_to(directory / "hub.sqlite3")
        assert isinstance(self.database, PostgresqlDatabase)
        return self.database.copy_to(f"hub_{uuid4().hex[:12]}")


class World:
    """Everything runs when `open` returns, but for the hub's processes and its configuration: these are the test's."""

    def __init__(self, template: Template, directory: Path) -> None:
        self.directory = directory
        self.redis = RedisServer()
        self.plant = MosquittoServer(_broker_options())
        self.meters = MosquittoServer(_broker_options())
        self.database = template.copy(directory)
        self.hub = HubUnderTest(
            directory,
            self.database,
            redis_url=self.redis.url,
            api_key=template.api_key,
            secrets={"BROKER_PASSWORD": HUB_PASSWORD},
        )
        self._stack = ExitStack()
        self._peers: list[MqttPeer] = []

    def open(self) -> World:
        """Start the servers."""
        for server in (self.redis, self.plant, self.meters):
            self._stack.enter_context(server)
        return self

    def close(self) -> None:
        """End everything, the hub first."""
        self.hub.close()
        for peer in self._peers:
            peer.stop()
        self._stack.close()
        if isinstance(self.database, PostgresqlDatabase):
            self.database.close()

    def said(self) -> str:
        """What is known of the hub, to understand a failure by."""
        try:
            rows = overview(self.database)
        except (psycopg.Error, sqlite3.Error) as fault:
            rows = f"the database does not answer: {fault}"
        return f"{rows}\n{self.hub.said()}"

    def broker_lines(self, name: str, *more: str) -> str:
        """A broker of this world as the config file says it."""
        server: MosquittoServer = getattr(self, name)
        words = [f"name: {name}, host: 127.0.0.1, port: {server.port}, protocol: 5, username: {HUB_USER}"]
        words += ["password: {env: BROKER_PASSWORD}", f"tls: {{enabled: true, ca: {server.ca}}}", *more]
        return f"  - {{{', '.join(words)}}}"

    def peer(self, broker: MosquittoServer, topics: Sequence[tuple[str, int]] = ()) -> MqttPeer:
        """A foreign client, connected and subscribed; it is stopped with the world."""
        peer = MqttPeer(broker, f"peer-{uuid4().hex[:8]}", topics).start()
        self._peers.append(peer)
        return peer

    def wire(self, name: str) -> PseudoTerminal:
        """A serial port under a stable path, with its plug in."""
        return self._stack.enter_context(PseudoTerminal(self.directory / "ports" / name))

    def run(self, device: Device) -> Device:
        """Let a simulated device run until the end."""
        self._stack.enter_context(device)
        return device

    def port(self, name: str) -> Path:
        """The path of a wire."""
        return self.directory / "ports" / name


def _broker_options() -> MosquittoOptions:
    return MosquittoOptions(users=_USERS, has_tls=True, is_persistent=True)
