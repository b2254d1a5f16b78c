"""A link that cannot stand says why in plain words; it is tried again where that can help, and only there."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from threading import Thread

import pytest
import serial

from hub.tests.system.questions import link_state, link_words, wait_until_connected
from hub.tests.system.waiting import wait_for
from hub.tests.system.world import HUB_USER, World
from simulators.servers.ports import free_port

SCALES = ("missing", "busy", "plain-file")


class CountingServer:
    """Takes connections, counts them and hangs up: what tries again is seen here."""

    def __init__(self) -> None:
        self.count = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._socket.getsockname()[1])
        Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.count += 1
            connection.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@pytest.fixture(scope="module")
def odd_server() -> Iterator[CountingServer]:
    server = CountingServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def closed_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def holder(small_world: World) -> serial.Serial:
    """Another program that holds the scale's port."""
    return serial.Serial(str(small_world.wire("busy").path), exclusive=True)


def configuration(world: World, *, password: str, odd_port: int, closed_port: int) -> str:
    """Links with one fault each, and one without."""
    plain = f"protocol: 5, username: {HUB_USER}, password: {{env: BROKER_PASSWORD}}"
    return f"""
version: 1
brokers:
{world.broker_lines("meters")}
  - {{name: unknown-host, host: nowhere.invalid, port: 1883, {plain}}}
  - {{name: closed, host: 127.0.0.1, port: {closed_port}, {plain}}}
  - {{name: odd, host: 127.0.0.1, port: {odd_port}, {plain}}}
  - {{name: no-tls, host: 127.0.0.1, port: {world.plant.port}, {plain}}}
  - {{name: untrusted, host: 127.0.0.1, port: {world.plant.port}, {plain}, tls: {{enabled: true}}}}
  - name: wrong-password
    host: 127.0.0.1
    port: {world.plant.port}
    username: {HUB_USER}
    password: {{env: {password}}}
    tls: {{enabled: true, ca: {world.plant.ca}}}
devices:
  - {{name: missing, driver: lines, port: {world.port("missing")}}}
  - {{name: busy, driver: lines, port: {world.port("busy")}}}
  - {{name: plain-file, driver: lines, port: {world.directory / "plain-file"}}}
"""


@pytest.fixture(scope="module")
def running(small_world: World, odd_server: CountingServer, closed_port: int, holder: serial.Serial) -> World:
    """The running hub."""
    world = small_world
    (world.directory / "plain-file").write_text("no device")
    world.hub.environment["WRONG_PASSWORD"] = "not the password"
    given = {"odd_port": odd_server.port, "closed_port": closed_port}
    world.hub.configure(configuration(world, password="WRONG_PASSWORD", **given))
    world.hub.start_worker()
    wait_until_connected(world.database, "broker:meters")
    return world


@pytest.mark.parametrize(
    ("key", "state", "words"),
    [
        ("broker:unknown-host", "lost", "host name of nowhere.invalid:1883 is not known"),
        ("broker:closed", "lost", "connection refused"),
        ("broker:untrusted", "refused", "not trusted"),
        ("broker:wrong-password", "refused", "not authorized"),
        ("device:missing", "lost", "is not there: is the cable in?"),
        ("device:busy", "lost", "is in use by another program"),
        ("device:plain-file", "lost", "is not a serial port"),
    ],
)
def test_the_state_of_a_link_says_what_is_wrong(running: World, key: str, state: str, words: str) -> None:
    wait_for(lambda: link_state(running.database, key) == state, what=f"{key} is {state}")
    assert words in link_words(running.database, key)
    assert "not the password" not in link_words(running.database, key)


def test_a_broker_that_wants_tls_and_gets_none_is_said_to_end_the_connection(running: World) -> None:
    wait_for(lambda: link_state(running.database, "broker:no-tls") in ("lost", "refused"))
    assert link_words(running.database, "broker:no-tls").partition(": ")[2]


def test_a_wrong_password_is_not_tried_again_and_a_right_one_at_once(
    running: World, odd_server: CountingServer, closed_port: int
) -> None:
    wait_for(lambda: link_state(running.database, "broker:wrong-password") == "refused")
    tried = odd_server.count
    wait_for(lambda: odd_server.count >= tried + 3, within_s=60, what="another link was tried three times meanwhile")
    refusals = [line for line in running.plant.log.splitlines() if "not authori" in line.lower()]
    assert len(refusals) == 1
    given = {"odd_port": odd_server.port, "closed_port": closed_port}
    running.hub.configure(configuration(running, password="BROKER_PASSWORD", **given))
    wait_until_connected(running.database, "broker:wrong-password", within_s=10)


def test_a_port_that_another_program_lets_go_of_is_opened(running: World, holder: serial.Serial) -> None:
    holder.close()
    wait_until_connected(running.database, "device:busy", within_s=10)


def test_a_device_that_is_plugged_in_later_is_opened(running: World) -> None:
    running.wire("missing")
    wait_until_connected(running.database, "device:missing", within_s=10)


def test_no_secret_stands_in_the_log(running: World) -> None:
    said = running.hub.said()
    assert running.hub.environment["BROKER_PASSWORD"] not in said
    assert "not the password" not in said
