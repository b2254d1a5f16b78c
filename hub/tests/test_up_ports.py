"""Tests of the ports that `up` chooses."""

from __future__ import annotations

import os
import socket
import sys

import pytest

from hub.up.plan import Plan
from hub.up.ports import PortClaims, answers
from simulators.servers.ports import free_port

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a port is not claimed between processes")


@pytest.fixture
def start() -> int:
    """A port that was free a moment ago, with room above it; it differs from process to process."""
    port = 20_000 + os.getpid() % 20_000
    return port if not answers(port) else free_port() - 300


def test_a_port_that_somebody_has_is_skipped(start: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = int(server.getsockname()[1])
        assert PortClaims().free_port(taken) != taken
    assert PortClaims().free_port(start) >= start


def test_a_page_at_another_port_than_asked_for_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = int(server.getsockname()[1])
        plan = Plan(host="127.0.0.1", wanted_port=taken, has_demo=False)
    port = int(plan.address.rsplit(":", 1)[1].strip("/"))
    assert plan.other_port == f"Port {taken} is taken; {port} instead."
    del plan
    assert Plan(host="127.0.0.1", wanted_port=port, has_demo=False).other_port == ""


def test_one_hub_gets_no_port_twice(start: int) -> None:
    claims = PortClaims()
    assert claims.free_port(start) != claims.free_port(start)


@linux_only
def test_two_hubs_that_start_in_the_same_moment_get_different_ports(start: int) -> None:
    one, other = PortClaims(), PortClaims()
    assert one.free_port(start) != other.free_port(start)


@linux_only
def test_a_hub_that_ended_leaves_its_port_to_others(start: int) -> None:
    claims = PortClaims()
    port = claims.free_port(start)
    del claims
    assert PortClaims().free_port(port) == port


def test_without_a_free_port_it_says_so() -> None:
    with pytest.raises(OSError, match="no free port from 65536 on"):
        PortClaims().free_port(65_536)
