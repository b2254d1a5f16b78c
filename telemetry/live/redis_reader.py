"""Reads the live channel of Redis for as long as it can: one connection per web process.

It keeps no state but what it needs to see a gap in an origin's numbering.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import redis.asyncio
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from telemetry.live.wire import Batch, Channels, connection_options, decode_batch

logger = logging.getLogger(__name__)

AWAY = (redis.RedisError, OSError)
"""What a reader raises when Redis is away."""
SILENCE_S = 2.5
"""After this long without a word the connection is tested, and given up if no answer comes in the same time."""


@asynccontextmanager
async def subscribed(redis_url: str) -> AsyncIterator[PubSub]:
    """A confirmed subscription to the live channel; raises AWAY."""
    options = connection_options() | {"retry": Retry(NoBackoff(), 0)}
    async with redis.asyncio.Redis.from_url(redis_url, **options) as client, client.pubsub() as pubsub:
        await pubsub.subscribe(Channels.of(redis_url).live)
        if await pubsub.get_message(timeout=SILENCE_S) is None:
            raise redis.TimeoutError("no answer to the subscription")
        yield pubsub


async def batches(pubsub: PubSub) -> AsyncIterator[Batch]:
    """The batches as they come; raises AWAY when the connection is lost or silent."""
    tested_at: float | None = None
    while True:
        message = await pubsub.get_message(timeout=SILENCE_S)
        if message is None:
            if tested_at is not None:
                raise redis.TimeoutError(f"silent for {time.monotonic() - tested_at + SILENCE_S:.0f} s")
            tested_at = time.monotonic()
            await pubsub.ping()
            continue
        tested_at = None
        if message["type"] == "message":
            try:
                yield decode_batch(message["data"])
            except ValueError as fault:
                logger.warning("a batch of live events that cannot be read: %s", fault)


class Origins:
    """Knows the last number of each origin."""

    def __init__(self, limit: int = 1000) -> None:
        self._limit = limit
        self._last: dict[str, int] = {}

    def is_repeated(self, batch: Batch) -> bool:
        """Whether it was seen before: a publisher that got no answer sends again."""
        return batch.number <= self._last.get(batch.origin, 0)

    def note(self, batch: Batch) -> bool:
        """Remember it; answers whether something before it is missing."""
        last = self._last.pop(batch.origin, None)
        self._last[batch.origin] = batch.number
        if len(self._last) > self._limit:
            del self._last[next(iter(self._last))]
        return batch.is_after_loss or (last is not None and batch.number != last + 1)
