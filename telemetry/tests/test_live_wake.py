"""Wake-ups from process to process."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import redis

from simulators.servers.ports import free_port
from simulators.servers.redis import RedisServer
from telemetry.live.publisher import LivePublisher
from telemetry.live.wake import WakeListener
from telemetry.live.wire import Channels, decode_wake
from telemetry.tests.live_support import wait_for


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def heard() -> list[frozenset[str]]:
    return []


@pytest.fixture
def listener(server: RedisServer, heard: list[frozenset[str]]) -> Iterator[WakeListener]:
    listener = WakeListener(server.url, heard.append)
    listener.start()
    assert listener.wait_until_listening(5)
    yield listener
    listener.stop()


def test_targets_arrive(server: RedisServer, listener: WakeListener, heard: list[frozenset[str]]) -> None:
    publisher = LivePublisher(server.url)
    publisher.wake({"broker:plant", "device:printer"})
    wait_for(lambda: heard)
    publisher.close()
    assert heard == [frozenset({"broker:plant", "device:printer"})]


def test_it_listens_again_after_a_restart_of_redis(
    server: RedisServer, listener: WakeListener, heard: list[frozenset[str]], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        server.stop()
        wait_for(lambda: not listener._is_listening.is_set())
        server.start()
        assert listener.wait_until_listening(10)
    publisher = LivePublisher(server.url)
    publisher.wake({"config"})
    wait_for(lambda: heard)
    publisher.close()
    assert heard == [frozenset({"config"})]
    assert [record.message.partition(":")[0] for record in caplog.records] == ["Redis is away", "Redis is back"]


def test_what_cannot_be_read_or_handled_does_not_end_it(
    server: RedisServer, listener: WakeListener, heard: list[frozenset[str]]
) -> None:
    channel = Channels.of(server.url).wake
    with redis.Redis.from_url(server.url) as client:
        client.publish(channel, b"\xff")
        client.publish(channel, b"[1]")
        client.publish(channel, b'"config"')
    wait_for(lambda: heard)
    assert heard == [frozenset({"config"})]


def test_it_stops_while_redis_is_away() -> None:
    listener = WakeListener(f"redis://127.0.0.1:{free_port()}/0", lambda targets: None)
    listener.start()
    listener.stop(5)
    assert not listener._thread.is_alive()


def test_a_wake_up_is_a_list_of_targets() -> None:
    with pytest.raises(ValueError, match="not a wake-up"):
        decode_wake(b'{"a": 1}')
