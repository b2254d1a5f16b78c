"""The live feed of one web process: takes each batch once, numbers and encodes it once, hands it to all readers.

It runs while it has readers. While Redis is away it looks into the database instead. It belongs to one event loop.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import orjson
from django.conf import settings
from django.db import Error as DatabaseError

from telemetry.backoff import Backoff
from telemetry.live.events import Event
from telemetry.live.poller import Poller
from telemetry.live.redis_reader import AWAY, Origins, batches, subscribed
from telemetry.live.snapshot import build_snapshot
from telemetry.live.subscription import FRAMES, Frame, Subscription
from telemetry.live.threads import in_thread
from telemetry.live.wire import Batch

logger = logging.getLogger(__name__)

SNAPSHOT_AGE_S = 0.25
"""Pages that connect within this time of each other share one snapshot."""
LOOK_AWAY_S = 1.0
LOOK_CONNECTED_S = 3.0
_SETTLE_S = 3.0


class Looks(Protocol):
    """What the feed needs of a Poller."""

    def look_at_states(self) -> list[Event]: ...
    def look_at_all(self) -> list[Event]: ...


@dataclass(frozen=True, slots=True)
class TakenSnapshot:
    """A snapshot frame. `seq` is the number of the last frame whose events it surely holds."""

    seq: int
    text: str
    generation: int


class Feed:
    """`async with feed.subscribe() as subscription`: frames from then on; `await feed.begin(subscription)` first."""

    def __init__(
        self,
        redis_url: str,
        *,
        read_snapshot: Callable[[], dict[str, Any]] = build_snapshot,
        make_poller: Callable[[], Looks] = Poller,
    ) -> None:
        self.seq = 0
        self.is_connected = False
        self._redis_url = redis_url
        self._read_snapshot = read_snapshot
        self._make_poller = make_poller
        self._subscriptions: set[Subscription] = set()
        self._recent: deque[Frame] = deque(maxlen=FRAMES)
        self._origins = Origins()
        self._generation = 0
        self._snapshot: asyncio.Task[TakenSnapshot] | None = None
        self._snapshot_at = 0.0
        self._settled = asyncio.Event()  # Redis has answered, or is known to be away
        self._ready = asyncio.Event()  # and the database was looked into, so that only changes are told from now on
        self._tasks: list[asyncio.Task[None]] = []

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[Subscription]:
        """A subscription for as long as the block runs."""
        subscription = Subscription()
        self._subscriptions.add(subscription)
        self._start()
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ready.wait(), _SETTLE_S)
            self._settled.set()
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
            if not self._subscriptions:
                await self._stop()

    async def begin(self, subscription: Subscription) -> TakenSnapshot:
        """A snapshot, after which the subscription goes on with the very next frame. Waits for the database."""
        backoff = Backoff(base_s=0.5, cap_s=5.0)
        while True:
            try:
                snapshot = await self._take_snapshot()
            except DatabaseError as fault:
                if not backoff.failures:
                    logger.warning("no snapshot for a page, because the database is away: %s", fault)
                await asyncio.sleep(backoff.next_delay_s())
                continue
            later = [frame for frame in self._recent if frame.seq > snapshot.seq]
            is_whole = len(later) == self.seq - snapshot.seq
            if is_whole and snapshot.generation == self._generation:
                subscription.begin(later)
                return snapshot
            self._snapshot = None

    def broadcast(self, events: list[Event], skipped: int = 0) -> None:
        """Number these events and hand them to every reader."""
        self.seq += 1
        text = orjson.dumps({"type": "events", "seq": self.seq, "skipped": skipped, "events": events}).decode()
        frame = Frame(self.seq, text, events, skipped)
        self._recent.append(frame)
        if any(event["kind"] == "config" for event in events):
            self._snapshot = None  # pages will ask for one that knows of the change
        for subscription in self._subscriptions:
            subscription.put(frame)

    def begin_all_anew(self) -> None:
        """Something was lost: every reader needs what the database says now."""
        self._generation += 1
        self._snapshot = None
        for subscription in self._subscriptions:
            subscription.spoil()

    async def _take_snapshot(self) -> TakenSnapshot:
        now = asyncio.get_running_loop().time()
        task = self._snapshot
        if task is None or (task.done() and (now - self._snapshot_at > SNAPSHOT_AGE_S or task.exception())):
            task = self._snapshot = asyncio.create_task(self._make_snapshot(self.seq, self._generation))
            self._snapshot_at = now
        return await asyncio.shield(task)

    async def _make_snapshot(self, seq: int, generation: int) -> TakenSnapshot:
        def encoded() -> str:
            return orjson.dumps({"type": "snapshot", "seq": seq, **self._read_snapshot()}).decode()

        text = await in_thread(encoded)
        return TakenSnapshot(seq, text, generation)

    def _start(self) -> None:
        if not self._tasks:
            self._generation += 1  # what happened since the last reader left was not heard
            self._settled.clear()
            self._ready.clear()
            self._tasks = [asyncio.create_task(_kept_up(run)) for run in (self._read, self._look)]

    async def _stop(self) -> None:
        tasks, self._tasks = self._tasks, []
        self.is_connected = False
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self) -> None:
        """Take batches from Redis for as long as the feed runs."""
        backoff = Backoff(base_s=0.1, cap_s=5.0)
        while True:
            try:
                async with subscribed(self._redis_url) as pubsub:
                    self._meet(was_away=self._settled.is_set())
                    backoff.reset()
                    async for batch in batches(pubsub):
                        self._take(batch)
            except AWAY as fault:
                if not backoff.failures:
                    logger.warning("Redis is away: live pages look into the database once a second (%s)", fault)
            finally:
                self.is_connected = False
            self._settled.set()
            await asyncio.sleep(backoff.next_delay_s())

    def _meet(self, *, was_away: bool) -> None:
        self.is_connected = True
        self._origins = Origins()
        if was_away:
            logger.info("Redis is back: live pages are told of changes again")
            self.begin_all_anew()
        self._settled.set()

    def _take(self, batch: Batch) -> None:
        if self._origins.is_repeated(batch):
            return
        is_gap = self._origins.note(batch)
        if batch.events or batch.skipped:
            self.broadcast(batch.events, batch.skipped)
        if is_gap:
            self.begin_all_anew()

    async def _look(self) -> None:
        """Look into the database for as long as the feed runs: often while Redis is away, seldom otherwise."""
        await self._settled.wait()
        poller = self._make_poller()
        is_away = False
        while True:
            look = poller.look_at_states if self.is_connected else poller.look_at_all
            try:
                events = await in_thread(look)
            except DatabaseError as fault:
                if not is_away:
                    logger.warning("the database is away: live pages cannot look into it (%s)", fault)
                is_away = True
            else:
                is_away = False
                if events and self._ready.is_set():
                    self.broadcast(events)
            self._ready.set()
            await asyncio.sleep(LOOK_CONNECTED_S if self.is_connected else LOOK_AWAY_S)


async def _kept_up(run: Callable[[], Awaitable[None]]) -> None:
    """Run for ever: a fault of ours must not leave pages that look alive and stand still."""
    while True:
        try:
            await run()
        except Exception:
            logger.exception("the live feed met a fault and starts again")
        await asyncio.sleep(1.0)


_feeds: WeakKeyDictionary[asyncio.AbstractEventLoop, Feed] = WeakKeyDictionary()


def current_feed() -> Feed:
    """The feed of the running event loop: one per web process."""
    loop = asyncio.get_running_loop()
    if loop not in _feeds:
        _feeds[loop] = Feed(settings.REDIS_URL)
    return _feeds[loop]
