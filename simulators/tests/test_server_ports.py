"""Ports for servers of one's own."""

from __future__ import annotations

import random
import socket
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from simulators.servers.ports import HOST, free_port


def test_a_port_can_be_listened_on_and_is_out_of_the_range_of_outgoing_connections() -> None:
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    port = free_port()
    with closing(socket.create_server((HOST, port))):
        assert port < first


def test_a_taken_port_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    free = free_port()
    with closing(socket.create_server((HOST, 0))) as taken:

        def sample(population: Any, k: int) -> list[int]:
            return [taken.getsockname()[1], free]

        monkeypatch.setattr(random, "sample", sample)
        assert free_port() == free
