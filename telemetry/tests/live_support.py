"""What the tests of live push share: a Redis of their own, waiting for a condition, and example events."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import redis

from telemetry.ids import new_id
from telemetry.live.events import Event, message_event
from telemetry.live.wire import Batch, Channels, decode_batch


def wait_for(condition: Callable[[], Any], what: str = "", *, within_s: float = 10.0) -> Any:
    """The first true answer of `condition`; fails when there is none in time."""
    limit = time.monotonic() + within_s
    while not (answer := condition()):
        assert time.monotonic() < limit, f"waited {within_s} s in vain {what}"
        time.sleep(0.005)
    return answer


async def wait_until(condition: Callable[[], Any], what: str = "", *, within_s: float = 10.0) -> Any:
    """As `wait_for`, leaving the event loop free."""
    limit = time.monotonic() + within_s
    while not (answer := condition()):
        assert time.monotonic() < limit, f"waited {within_s} s in vain {what}"
        await asyncio.sleep(0.005)
    return answer


def example_message(text: str = "21.5", *, source: str = "broker:plant", topic: str = "a/b", device: str = "") -> Event:
    """A message event."""
    return message_event(new_id(), datetime.now(UTC), source=source, topic=topic, device=device, payload=text.encode())


class Reader:
    """Reads batches off the live channel."""

    def __init__(self, pubsub: redis.client.PubSub) -> None:
        self._pubsub = pubsub

    def next(self, within_s: float = 10.0) -> Batch:
        """The next batch; fails when none comes in time."""
        batch: Batch = wait_for(self._read, "for a batch", within_s=within_s)
        return batch

    def until_events(self, count: int) -> list[Batch]:
        """The batches that bring so many events, sent or left out."""
        batches: list[Batch] = []
        while sum(len(batch.events) + batch.skipped for batch in batches) < count:
            batches.append(self.next())
        return batches

    def _read(self) -> Batch | None:
        message = self._pubsub.get_message(ignore_subscribe_messages=True, timeout=0.05)
        return decode_batch(message["data"]) if message else None


@contextmanager
def reading(url: str) -> Iterator[Reader]:
    """A Reader that is subscribed already."""
    with redis.Redis.from_url(url, protocol=2) as client, client.pubsub() as pubsub:
        pubsub.subscribe(Channels.of(url).live)
        wait_for(lambda: pubsub.get_message(timeout=0.05), "for the subscription")
        yield Reader(pubsub)
