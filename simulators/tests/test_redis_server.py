"""The Redis that tests start for themselves."""

from __future__ import annotations

import pytest
import redis

from simulators.servers.redis import RedisServer


def test_it_answers_and_is_gone_afterwards() -> None:
    with RedisServer() as server, redis.Redis.from_url(server.url) as client:
        assert client.ping()
    assert not server.is_running


def test_a_restart_keeps_the_port_and_forgets_the_data() -> None:
    with RedisServer() as server:
        with redis.Redis.from_url(server.url) as client:
            client.set("a", "1")
        server.restart()
        with redis.Redis.from_url(server.url) as client:
            assert client.get("a") is None


def test_a_frozen_one_keeps_connections_open_and_does_not_answer() -> None:
    with RedisServer() as server, redis.Redis.from_url(server.url, socket_timeout=0.2, retry=None) as client:
        client.ping()
        server.freeze()
        with pytest.raises(redis.TimeoutError):
            client.ping()
        server.thaw()
        assert client.ping()


def test_a_taken_port_is_told() -> None:
    with RedisServer() as server, pytest.raises(RuntimeError, match=str(server.port)):
        RedisServer(server.port).start()
