"""A real broker for the tests of simulators that speak MQTT."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from simulators.servers.mosquitto import MosquittoServer


@pytest.fixture(scope="session")
def broker_url() -> Iterator[str]:
    """The address of a Mosquitto that serves the whole run."""
    with MosquittoServer() as server:
        yield f"mqtt://{server.host}:{server.port}"
