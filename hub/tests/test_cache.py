"""The cache while its Redis goes and comes back."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from hub import cache as cache_module
from hub.cache import ForgivingRedisCache
from simulators.servers.redis import RedisServer


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer() as running:
        yield running


@pytest.fixture
def cache(server: RedisServer) -> ForgivingRedisCache:
    return ForgivingRedisCache(server.url, {"OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}})


def test_it_keeps_what_it_is_given(cache: ForgivingRedisCache) -> None:
    cache.set("a", {"b": 1})
    cache.set_many({"c": 1, "d": 2})

    assert cache.get("a") == {"b": 1}
    assert cache.incr("c", 4) == 5
    assert cache.add("c", 9) is False
    assert cache.get_many(["c", "d", "e"]) == {"c": 5, "d": 2}
    assert cache.has_key("d")
    assert cache.touch("d", 10)
    assert cache.delete("d")


def test_without_redis_it_misses_and_does_not_fail(cache: ForgivingRedisCache, server: RedisServer) -> None:
    cache.set("a", 1)
    server.stop()

    assert cache.get("a", "none") == "none"
    assert cache.add("a", 1) is True
    assert cache.incr("a", 3) == 3
    assert cache.get_many(["a"]) == {}
    assert cache.has_key("a") is False
    assert cache.touch("a") is False
    assert cache.delete("a") is False
    cache.set("a", 1)
    cache.set_many({"a": 1})
    cache.delete_many(["a"])
    cache.clear()


def test_it_says_once_that_redis_is_away_and_once_that_it_is_back(
    cache: ForgivingRedisCache, server: RedisServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_module, "PAUSE_S", 0.0)
    caplog.set_level(logging.INFO, logger="hub.cache")
    server.stop()
    cache.get("a")
    cache.get("a")
    server.start()
    cache.get("a")
    cache.get("a")

    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_after_a_failure_redis_is_left_alone_for_a_while(
    cache: ForgivingRedisCache, server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_module, "PAUSE_S", 3600.0)
    cache.set("a", 1)
    server.stop()
    cache.get("a")
    server.start()
    cache.set("a", 2)

    assert cache.get("a") is None
