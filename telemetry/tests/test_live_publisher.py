"""Events and wake-ups on their way through a real Redis."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import pytest
import redis

from simulators.servers.ports import free_port
from simulators.servers.redis import RedisServer
from telemetry.live.events import config_event, link_event
from telemetry.live.publisher import LivePublisher
from telemetry.live.wire import Channels
from telemetry.tests.live_support import example_message, reading, wait_for


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def publisher(server: RedisServer) -> Iterator[LivePublisher]:
    publisher = LivePublisher(server.url)
    yield publisher
    publisher.close()


def test_events_arrive_as_they_were_built(server: RedisServer, publisher: LivePublisher) -> None:
    event = example_message("wörd")
    with reading(server.url) as reader:
        publisher.publish([event])
        batch = reader.next()
    assert (batch.events, batch.number, batch.skipped, batch.is_after_loss) == ([event], 1, 0, False)


def test_batches_are_numbered_one_by_one(server: RedisServer, publisher: LivePublisher) -> None:
    with reading(server.url) as reader:
        for _ in range(3):
            publisher.publish([example_message()])
            last = reader.next()
    assert last.number == 3
    assert last.origin == publisher.origin


def test_what_queues_meanwhile_goes_as_one_batch(server: RedisServer, publisher: LivePublisher) -> None:
    with reading(server.url) as reader:
        for _ in range(200):
            publisher.publish([example_message()])
        batches = reader.until_events(200)
    assert len(batches) < 20


def test_no_batch_holds_more_than_500_events_or_a_megabyte(server: RedisServer, publisher: LivePublisher) -> None:
    long = [link_event(f"device:{n}", "lost", detail="x" * 30_000) for n in range(100)]
    with reading(server.url) as reader:
        publisher.publish([config_event(n) for n in range(1200)])
        by_count = reader.until_events(1200)
        publisher.publish(long)
        by_size = reader.until_events(100)
    assert [len(batch.events) for batch in by_count] == [500, 500, 200]
    assert max(len(batch.events) for batch in by_size) == 33


def test_a_flood_of_messages_is_thinned_and_says_so(server: RedisServer, publisher: LivePublisher) -> None:
    with reading(server.url) as reader:
        publisher.publish([example_message() for _ in range(3000)] + [config_event(7)])
        batches = reader.until_events(3001)
    events = [event for batch in batches for event in batch.events]
    assert sum(event["kind"] == "message" for event in events) == 500
    assert sum(batch.skipped for batch in batches) == 2500
    assert config_event(7) in events


def test_what_the_caller_left_out_is_counted_too(server: RedisServer, publisher: LivePublisher) -> None:
    with reading(server.url) as reader:
        publisher.publish([config_event(1)], skipped=7)
        first = reader.next()
        publisher.publish([], skipped=2)
        second = reader.next()
    assert (first.skipped, second.skipped, second.events) == (7, 2, [])


def test_a_full_queue_drops_the_oldest_and_leaves_a_gap(server: RedisServer) -> None:
    publisher = LivePublisher(server.url, capacity=10)
    with reading(server.url) as reader:
        publisher.publish([config_event(n) for n in range(25)])
        batch = reader.next()
    publisher.close()
    assert [event["version"] for event in batch.events] == list(range(15, 25))
    assert batch.number == 2
    assert batch.is_after_loss


def test_an_event_that_json_cannot_say_is_left_out_alone(server: RedisServer, publisher: LivePublisher) -> None:
    with reading(server.url) as reader:
        publisher.publish([link_event("device:\ud800", "lost"), config_event(1)])
        assert reader.next().events == [config_event(1)]


def test_readers_are_told_of_a_loss_as_soon_as_redis_takes_it(server: RedisServer, publisher: LivePublisher) -> None:
    with redis.Redis.from_url(server.url) as admin, reading(server.url) as reader:
        publisher.publish([config_event(1)])
        reader.next()
        admin.config_set("requirepass", "closed")  # turns the publisher away; whoever is subscribed stays so
        admin.client_kill_filter(_type="normal", skipme=True)
        publisher.publish([config_event(2)])
        wait_for(lambda: publisher._has_lost, "until the loss is known")
        admin.config_set("requirepass", "")
        gap = reader.next()
        publisher.publish([config_event(3)])
        after = reader.next()
    assert gap.is_after_loss
    assert gap.events == []
    assert gap.number > 2
    assert (after.events, after.number, after.is_after_loss) == ([config_event(3)], gap.number + 1, False)


def test_it_goes_on_after_a_restart_of_redis(server: RedisServer, publisher: LivePublisher) -> None:
    with reading(server.url) as reader:
        publisher.publish([config_event(1)])
        reader.next()
    server.restart()
    with reading(server.url) as reader:
        publisher.publish([config_event(2)])
        assert reader.until_events(1)[-1].events == [config_event(2)]


def test_without_redis_publishing_costs_nothing_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    publisher = LivePublisher(f"redis://127.0.0.1:{free_port()}/0")
    start = time.perf_counter()
    with caplog.at_level(logging.INFO):
        for _ in range(2000):
            publisher.publish([example_message()])
            publisher.wake({"broker:plant"})
        assert time.perf_counter() - start < 1.0
        wait_for(lambda: not publisher._events, "until the queue is dropped")
        publisher.close()
    assert [record.message.partition(":")[0] for record in caplog.records] == ["Redis is away"]


def test_a_frozen_redis_does_not_hold_up_the_caller(server: RedisServer, publisher: LivePublisher) -> None:
    publisher.publish([config_event(1)])
    server.freeze()
    start = time.perf_counter()
    for _ in range(1000):
        publisher.publish([config_event(2)])
    assert time.perf_counter() - start < 0.5
    server.thaw()


def test_closing_sends_what_is_queued(server: RedisServer) -> None:
    publisher = LivePublisher(server.url)
    with reading(server.url) as reader:
        for version in range(50):
            publisher.publish([config_event(version)])
        publisher.close()
        batches = reader.until_events(50)
    assert batches[-1].events[-1] == config_event(49)


def test_publishing_is_quick_enough_for_8000_a_second(server: RedisServer, publisher: LivePublisher) -> None:
    events = [example_message() for _ in range(1000)]
    start = time.perf_counter()
    for _ in range(8):
        publisher.publish(events)
    assert time.perf_counter() - start < 0.1


def test_hubs_with_different_database_numbers_do_not_hear_each_other(server: RedisServer) -> None:
    other = LivePublisher(f"redis://127.0.0.1:{server.port}/1")
    with redis.Redis.from_url(server.url) as client, reading(f"redis://127.0.0.1:{server.port}/1") as reader:
        assert not client.pubsub_numsub(Channels.of(server.url).live)[0][1]
        other.publish([config_event(1)])
        assert reader.next().events == [config_event(1)]
    other.close()
