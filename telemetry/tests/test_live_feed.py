"""The feed of a web process: order, gaps, slow readers, Redis restarted and absent."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
import redis
from django.db import OperationalError

from simulators.servers.ports import free_port
from simulators.servers.redis import RedisServer
from telemetry.live.events import Event, config_event
from telemetry.live.feed import Feed
from telemetry.live.publisher import LivePublisher
from telemetry.live.subscription import FRAMES, Frame, Subscription
from telemetry.live.wire import Channels, encode_batch
from telemetry.tests.live_support import example_message, wait_until


class Database:
    """Stands for the database: counts snapshots, fails on demand, tells what a look shall find."""

    def __init__(self) -> None:
        self.snapshots = 0
        self.is_away = False
        self.found: list[Event] = []

    def snapshot(self) -> dict[str, Any]:
        self.snapshots += 1
        if self.is_away:
            raise OperationalError("gone")
        return {"number": self.snapshots}

    def look_at_states(self) -> list[Event]:
        return []

    def look_at_all(self) -> list[Event]:
        found, self.found = self.found, []
        return found


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def feed(server: RedisServer, database: Database) -> Feed:
    return feed_on(server.url, database)


@pytest.fixture
def publisher(server: RedisServer) -> Iterator[LivePublisher]:
    publisher = LivePublisher(server.url)
    yield publisher
    publisher.close()


def feed_on(url: str, database: Database) -> Feed:
    return Feed(url, read_snapshot=database.snapshot, make_poller=lambda: database)


@asynccontextmanager
async def begun(feed: Feed) -> AsyncIterator[tuple[Subscription, int]]:
    """A subscription after its first snapshot, and that snapshot's number."""
    async with feed.subscribe() as subscription:
        snapshot = await feed.begin(subscription)
        yield subscription, snapshot.seq


async def following(subscription: Subscription) -> Frame | None:
    return await asyncio.wait_for(subscription.next(), 10)


async def test_frames_follow_the_snapshot_one_by_one(feed: Feed, publisher: LivePublisher) -> None:
    async with begun(feed) as (subscription, seq):
        for n in range(1, 4):
            publisher.publish([config_event(n)])
            frame = await following(subscription)
            assert frame is not None
            assert orjson.loads(frame.text) == {
                "type": "events",
                "seq": seq + n,
                "skipped": 0,
                "events": [config_event(n)],
            }


async def test_all_readers_get_the_same_text(feed: Feed, publisher: LivePublisher) -> None:
    async with begun(feed) as (first, _), begun(feed) as (second, _):
        publisher.publish([config_event(1)])
        one, other = await following(first), await following(second)
    assert one is other


async def test_pages_that_open_at_once_share_one_snapshot(feed: Feed, database: Database) -> None:
    async with feed.subscribe() as subscription:
        await asyncio.gather(*(feed.begin(subscription) for _ in range(100)))
    assert database.snapshots == 1


async def test_a_snapshot_that_was_taken_before_is_completed_by_the_frames_since(feed: Feed) -> None:
    async with begun(feed) as (_, seq), feed.subscribe() as late:
        feed.broadcast([example_message()])
        snapshot = await feed.begin(late)
        frame = await following(late)
    assert snapshot.seq == seq
    assert frame is not None
    assert frame.seq == seq + 1


async def test_a_page_that_heard_of_a_new_configuration_gets_no_older_snapshot(feed: Feed, database: Database) -> None:
    async with begun(feed) as (subscription, seq):
        feed.broadcast([config_event(1)])
        snapshot = await feed.begin(subscription)
    assert (snapshot.seq, database.snapshots) == (seq + 1, 2)


async def test_a_missing_number_makes_every_reader_begin_anew(
    feed: Feed, server: RedisServer, database: Database
) -> None:
    def batch(number: int) -> bytes:
        return encode_batch("a", number, events=[b'{"kind": "other"}'], skipped=0, is_after_loss=False)

    channel = Channels.of(server.url).live
    async with begun(feed) as (subscription, _):
        with redis.Redis.from_url(server.url) as client:
            client.publish(channel, batch(5))
            assert await following(subscription) is not None
            client.publish(channel, batch(6))
            assert await following(subscription) is not None
            client.publish(channel, batch(8))
            assert await following(subscription) is None
        snapshot = await feed.begin(subscription)
        assert snapshot.seq == feed.seq
        assert database.snapshots == 2


async def test_a_batch_that_was_sent_twice_is_taken_once(feed: Feed, server: RedisServer) -> None:
    batch = encode_batch("a", 5, events=[b'{"kind": "other"}'], skipped=0, is_after_loss=False)
    async with begun(feed) as (subscription, seq):
        with redis.Redis.from_url(server.url) as client:
            for data in (batch, batch, encode_batch("a", 6, events=[], skipped=3, is_after_loss=False)):
                client.publish(Channels.of(server.url).live, data)
        assert await following(subscription) is not None
        last = await following(subscription)
    assert last is not None
    assert (last.seq, last.skipped) == (seq + 2, 3)


async def test_what_cannot_be_read_does_not_end_the_feed(
    feed: Feed, server: RedisServer, publisher: LivePublisher
) -> None:
    async with begun(feed) as (subscription, _):
        with redis.Redis.from_url(server.url) as client:
            for data in (b"\xff", b"[]", b"{}", encode_batch("a", 1, events=[b"1"], skipped=0, is_after_loss=False)):
                client.publish(Channels.of(server.url).live, data)
        publisher.publish([config_event(1)])
        assert await following(subscription) is not None


async def test_a_slow_reader_begins_anew_and_holds_nobody_up(feed: Feed) -> None:
    async with begun(feed) as (slow, _), begun(feed) as (quick, _):
        for n in range(FRAMES + 1):
            feed.broadcast([config_event(n)])
            assert await following(quick) is not None
        assert await following(slow) is None
        snapshot = await feed.begin(slow)
        feed.broadcast([config_event(0)])
        frame = await following(slow)
    assert frame is not None
    assert frame.seq == snapshot.seq + 1


async def test_a_restart_of_redis_makes_every_reader_begin_anew(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with RedisServer() as server, caplog.at_level(logging.INFO):
        feed, publisher = feed_on(server.url, database), LivePublisher(server.url)
        async with begun(feed) as (subscription, _):
            await asyncio.to_thread(server.restart)
            assert await following(subscription) is None
            await feed.begin(subscription)
            publisher.publish([config_event(1)])
            assert await following(subscription) is not None
        publisher.close()
    words = [record.message.partition(":")[0] for record in caplog.records if "feed" in record.name]
    assert words == ["Redis is away", "Redis is back"]


async def test_without_redis_the_database_is_looked_into(database: Database) -> None:
    feed = feed_on(f"redis://127.0.0.1:{free_port()}/0", database)
    async with begun(feed) as (subscription, seq):
        event = example_message()
        database.found = [event]
        frame = await following(subscription)
    assert frame is not None
    assert (frame.seq, frame.events) == (seq + 1, [event])


async def test_a_redis_that_answers_no_more_counts_as_away(database: Database) -> None:
    with RedisServer() as server:
        feed = feed_on(server.url, database)
        async with begun(feed) as (subscription, _):
            server.freeze()
            await wait_until(lambda: not feed.is_connected, "until the silence is noticed")
            database.found = [config_event(1)]
            assert await following(subscription) is not None
            server.thaw()
            await wait_until(lambda: feed.is_connected, "until it is back")


async def test_a_page_waits_for_its_snapshot_while_the_database_is_away(feed: Feed, database: Database) -> None:
    database.is_away = True
    async with feed.subscribe() as subscription:
        opening = asyncio.create_task(feed.begin(subscription))
        await wait_until(lambda: database.snapshots)
        database.is_away = False
        snapshot = await asyncio.wait_for(opening, 10)
    assert '"number":' in snapshot.text


async def test_without_readers_nothing_runs_and_a_new_reader_gets_a_new_snapshot(
    feed: Feed, database: Database, server: RedisServer
) -> None:
    async with begun(feed):
        assert feed.is_connected
    with redis.Redis.from_url(server.url) as client:
        channel = Channels.of(server.url).live
        await wait_until(lambda: client.pubsub_numsub(channel)[0][1] == 0, "until nobody listens")
    async with begun(feed):
        assert database.snapshots == 2


async def test_a_fault_in_the_feed_does_not_leave_pages_standing_still(
    feed: Feed, publisher: LivePublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with begun(feed) as (subscription, _):
        with monkeypatch.context() as broken:
            broken.setattr(feed, "_take", None)
            publisher.publish([config_event(1)])
            await wait_until(lambda: not feed.is_connected, "until the fault is met")
        assert await following(subscription) is None
        await feed.begin(subscription)
        publisher.publish([config_event(2)])
        assert await following(subscription) is not None


async def test_a_flood_leaves_memory_bounded(feed: Feed) -> None:
    async with begun(feed) as (slow, _):
        for n in range(10 * FRAMES):
            feed.broadcast([config_event(n)])
        assert len(slow._frames) <= FRAMES
        assert len(feed._recent) <= FRAMES
