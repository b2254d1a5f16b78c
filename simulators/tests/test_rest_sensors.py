"""Simulated boards that speak REST, with a server that keeps what it is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread

import pytest

from simulators.rest_sensors import RestSensors


@pytest.fixture
def hub() -> Iterator[tuple[str, Queue[tuple[str, str, dict[str, object]]]]]:
    """The address of a server, and what it was sent: path, key and packet. It answers 201."""
    taken: Queue[tuple[str, str, dict[str, object]]] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(201)
            self.send_header("Content-Length", "0")
            self.end_headers()
            taken.put((self.path, self.headers["Authorization"], json.loads(body)))

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", taken
    server.shutdown()
    server.server_close()
    thread.join()


def test_every_board_posts_packets_with_the_key(hub: tuple[str, Queue[tuple[str, str, dict[str, object]]]]) -> None:
    url, taken = hub
    with RestSensors(url, "secret", every_s=0.01) as boards:
        found = [taken.get(timeout=10) for _ in range(3)]
    assert {path for path, _, _ in found} == {"/api/v1/packets"}
    assert {key for _, key, _ in found} == {"Api-Key secret"}
    assert len({packet["device_id"] for _, _, packet in found}) == 3
    assert set(boards.answers) == {201}


def test_a_broken_packet_has_no_device(hub: tuple[str, Queue[tuple[str, str, dict[str, object]]]]) -> None:
    url, taken = hub
    with RestSensors(url, "secret", every_s=0.01, broken=1.0):
        assert "device_id" not in taken.get(timeout=10)[2]


def test_a_hub_that_is_away_ends_nothing() -> None:
    boards = RestSensors("http://127.0.0.1:9", "secret")
    assert boards._post({}) == 0
    with pytest.raises(ValueError, match="http://host:port"):
        RestSensors("ftp://x", "secret")
