"""Serial links through network serial servers: raw TCP, and RFC 2217 with pyserial's own server half."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
import serial
from serial.rfc2217 import PortManager

from devices.tests.recording_host import RecordingHost
from devices.tests.serial_rig import outgoing, read_until, running
from simulators.pseudo_terminal import PseudoTerminal
from telemetry.links import LinkState
from telemetry.values import Verdict


class SerialServer:
    """A TCP port that takes one client at a time."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(5.0)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"

    def accept(self) -> socket.socket:
        client, _ = self._listener.accept()
        client.settimeout(5.0)
        return client

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def server() -> Iterator[SerialServer]:
    serial_server = SerialServer()
    yield serial_server
    serial_server.close()


@pytest.fixture
def host() -> RecordingHost:
    return RecordingHost()


def test_a_raw_tcp_server_is_read_from_its_first_byte_and_written_to(server: SerialServer, host: RecordingHost) -> None:
    with running(f"socket://{server.address}", host) as link, server.accept() as client:
        client.sendall(b"hello\r\n")
        assert host.wait(lambda: host.messages == [b"hello"])
        link.send([outgoing(b"w")])
        assert client.recv(10) == b"w"
        assert host.wait(lambda: host.outcomes)
        assert host.outcomes[0].verdict is Verdict.DELIVERED


def test_it_connects_again_after_the_server_closed(server: SerialServer, host: RecordingHost) -> None:
    with running(f"socket://{server.address}", host):
        server.accept().close()
        assert host.wait_state(LinkState.LOST)
        with server.accept() as client:
            client.sendall(b"again\n")
            assert host.wait(lambda: host.messages == [b"again"])
    assert len(host.gaps) == 2


def test_a_server_that_is_away_is_lost_not_refused(server: SerialServer, host: RecordingHost) -> None:
    server.close()
    with running(f"socket://{server.address}", host):
        assert host.wait_state(LinkState.LOST)
    assert host.reports[-1].detail == f"socket://{server.address} does not answer: Connection refused"


def test_a_write_that_the_server_does_not_take_ends_the_connection(server: SerialServer, host: RecordingHost) -> None:
    with (
        running(f"socket://{server.address}", host, driver="bytes", write_timeout_s=0.3) as link,
        server.accept(),
    ):
        assert host.wait_state(LinkState.CONNECTED)
        link.send([outgoing(b"x" * 20_000_000)])
        assert host.wait(lambda: host.outcomes, 10.0)
        assert host.outcomes[0].verdict is Verdict.UNKNOWN
        assert host.wait_state(LinkState.LOST)


class WithoutModemLines(serial.Serial):
    """A pseudo-terminal has no modem lines, which pyserial's server asks for."""

    cts = dsr = ri = cd = property(lambda self: True)

    def _update_rts_state(self) -> None: ...

    def _update_dtr_state(self) -> None: ...


@contextmanager
def rfc2217_server(server: SerialServer, path: Path) -> Iterator[None]:
    """Serve the serial port at `path` to one client, as serial servers do."""
    port = WithoutModemLines(str(path), timeout=0.05)
    client = server.accept()
    client.settimeout(0.05)
    client_file: Any = client.makefile("wb", buffering=0)
    manager = PortManager(cast("Any", port), client_file)
    done = threading.Event()

    def from_network() -> None:
        while not done.is_set():
            try:
                data = client.recv(1024)
            except TimeoutError:
                continue
            if not data:
                return
            port.write(b"".join(manager.filter(data)))

    def from_port() -> None:
        while not done.is_set():
            if data := port.read(1024):
                client_file.write(b"".join(manager.escape(data)))

    threads = [threading.Thread(target=work, daemon=True) for work in (from_network, from_port)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        done.set()
        for thread in threads:
            thread.join(2.0)
        client_file.close()
        client.close()
        port.close()


@pytest.mark.filterwarnings("ignore:setDaemon:DeprecationWarning", "ignore:setName:DeprecationWarning")
def test_an_rfc2217_server_is_read_written_and_missed(
    server: SerialServer, host: RecordingHost, tmp_path: Path
) -> None:
    with PseudoTerminal(tmp_path / "tty") as terminal, running(f"rfc2217://{server.address}", host) as link:
        with rfc2217_server(server, terminal.path):
            assert host.wait_state(LinkState.CONNECTED, 10.0)
            terminal.write(b"  12.340 g\r\n\xff\xff\n")
            assert host.wait(lambda: host.messages == [b"  12.340 g", b"\xff\xff"])
            link.send([outgoing(b"w\xff")])
            assert host.wait(lambda: host.outcomes)
            assert host.outcomes[0].verdict is Verdict.DELIVERED
            assert read_until(terminal, 2) == b"w\xff"
        assert host.wait_state(LinkState.LOST)
