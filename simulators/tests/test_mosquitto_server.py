"""The Mosquitto of one's own: it starts, asks for passwords, and comes back on its port."""

from __future__ import annotations

import socket
import ssl

from simulators.servers.mosquitto import MosquittoOptions, MosquittoServer


def connack_code(server: MosquittoServer, *, username: str = "", password: str = "") -> int:
    """The return code that an MQTT 3.1.1 CONNECT gets."""
    flags, tail = 0x02, b"\x00\x01t"
    if username:
        flags |= 0xC0
        tail += b"".join(len(text).to_bytes(2, "big") + text.encode() for text in (username, password))
    body = b"\x00\x04MQTT\x04" + bytes((flags,)) + b"\x00\x00" + tail
    with socket.create_connection((server.host, server.port), timeout=5) as connection:
        connection.sendall(bytes((0x10, len(body))) + body)
        return connection.recv(4)[3]


def test_everyone_may_connect_unless_users_are_named() -> None:
    with MosquittoServer() as server:
        assert connack_code(server) == 0
    with MosquittoServer(MosquittoOptions(users={"hub": "right"})) as server:
        assert connack_code(server, username="hub", password="right") == 0
        assert connack_code(server, username="hub", password="wrong") == 5
        assert connack_code(server) == 5


def test_it_comes_back_on_its_port_after_a_stop_and_after_a_kill() -> None:
    with MosquittoServer() as server:
        port = server.port
        for end in (server.stop, server.kill):
            end()
            assert not server.is_running
            server.start()
            assert (server.port, connack_code(server)) == (port, 0)


def test_its_certificate_is_trusted_by_those_who_know_its_authority() -> None:
    with MosquittoServer(MosquittoOptions(has_tls=True)) as server:
        context = ssl.create_default_context(cafile=server.ca)
        with (
            socket.create_connection((server.host, server.port), timeout=5) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as secured,
        ):
            assert secured.version() in {"TLSv1.2", "TLSv1.3"}
