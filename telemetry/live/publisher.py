"""Hands committed events to the web processes, and wake-ups to the workers, over Redis.

It must never hold up whoever commits: it takes, queues within bounds and forgets. What it loses is known to the
readers by a gap in its numbering, and history has everything.
"""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import orjson
import redis

from telemetry.backoff import Backoff
from telemetry.live.events import Event
from telemetry.live.thinning import Allowance, thin
from telemetry.live.wire import Channels, connection_options, encode_batch, encode_wake

logger = logging.getLogger(__name__)

CAPACITY = 5_000  # events that wait for Redis
BATCH_EVENTS = 500
BATCH_BYTES = 1_000_000
BATCH_INTERVAL_S = 0.02
"""At most 50 batches a second: the first goes at once, what comes within the interval goes with the next."""
MESSAGES_PER_S = 500
DELIVERIES_PER_S = 500
_AWAY = (redis.RedisError, OSError)


@dataclass(slots=True)
class _Work:
    wakes: set[str]
    events: Sequence[Event] = ()
    skipped: int = 0
    is_after_loss: bool = False


class LivePublisher:
    """One thread and one connection, started by the first use. Every method is thread-safe and quick."""

    def __init__(self, redis_url: str, *, capacity: int = CAPACITY) -> None:
        self.origin = secrets.token_hex(8)
        self._url = redis_url
        self._capacity = capacity
        self._number = 0
        self._events: deque[Event] = deque()
        self._wakes: set[str] = set()
        self._skipped = 0
        self._has_lost = False
        self._is_closing = False
        self._next_batch_at = 0.0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._allowances = {"message": Allowance(MESSAGES_PER_S), "delivery": Allowance(DELIVERIES_PER_S)}

    def publish(self, events: Sequence[Event], skipped: int = 0) -> None:
        """Queue events for every open page, and say how many the caller left out of a flood.

        The oldest are dropped when the queue is full.
        """
        if not events and not skipped:
            return
        with self._changed:
            self._events.extend(events)
            self._skipped += skipped
            while len(self._events) > self._capacity:
                self._events.popleft()
                self._has_lost = True
            self._notify()

    def wake(self, targets: Collection[str]) -> None:
        """Tell the couriers of these targets, in every process, that something waits for them.

        The target `config` tells every process to look at the configuration version.
        """
        if not targets:
            return
        with self._changed:
            self._wakes.update(targets)
            self._notify()

    def close(self, timeout_s: float = 2.0) -> None:
        """Send what is queued, if Redis is there, and end the thread."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _notify(self) -> None:
        if self._thread is None and not self._is_closing:
            self._thread = threading.Thread(target=self._run, name="live-publisher", daemon=True)
            self._thread.start()
        self._changed.notify()

    def _run(self) -> None:
        with redis.Redis.from_url(self._url, **connection_options(retries=1)) as client:
            channels = Channels.of(self._url)
            while (work := self._next_work()) is not None:
                try:
                    self._send(client, channels, work)
                except _AWAY as fault:
                    self._wait_for_redis(client, fault)

    def _next_work(self) -> _Work | None:
        with self._changed:
            while not (self._wakes or self._is_due() or self._is_closing):
                delay_s = self._next_batch_at - time.monotonic()
                self._changed.wait(max(0.0, delay_s) if self._has_batch() else None)
            if self._is_closing and not self._wakes and not self._events:
                return None
            return self._take()

    def _is_due(self) -> bool:
        return self._has_batch() and time.monotonic() >= self._next_batch_at

    def _has_batch(self) -> bool:
        return bool(self._events or self._skipped or self._has_lost)

    def _take(self) -> _Work:
        work = _Work(self._wakes)
        self._wakes = set()
        if self._is_due() or self._is_closing:
            work.events, self._events = list(self._events), deque()
            work.skipped, self._skipped = self._skipped, 0
            work.is_after_loss, self._has_lost = self._has_lost, False
            self._next_batch_at = time.monotonic() + BATCH_INTERVAL_S
        return work

    def _send(self, client: redis.Redis, channels: Channels, work: _Work) -> None:
        if work.wakes:
            client.publish(channels.wake, encode_wake(work.wakes))
        if not (work.events or work.skipped or work.is_after_loss):
            return
        kept, thinned = thin(work.events, self._allowances, now_s=time.monotonic())
        skipped = work.skipped + thinned
        is_after_loss = work.is_after_loss
        self._number += is_after_loss
        for events in _cut(_encoded(kept)) if kept else ([],):
            self._number += 1
            data = encode_batch(self.origin, self._number, events=events, skipped=skipped, is_after_loss=is_after_loss)
            client.publish(channels.live, data)
            skipped, is_after_loss = 0, False

    def _wait_for_redis(self, client: redis.Redis, fault: Exception) -> None:
        logger.warning("Redis is away: pages are not told of changes until it is back (%s)", fault)
        backoff = Backoff(base_s=0.1, cap_s=5.0)
        while not self._rest(backoff.next_delay_s()):
            try:
                client.ping()
            except _AWAY:
                continue
            logger.info("Redis is back: pages are told of changes again")
            return

    def _rest(self, delay_s: float) -> bool:
        """Wait, dropping what comes meanwhile: every reader starts afresh afterwards. Whether to end."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closing, delay_s)
            self._events.clear()
            self._wakes.clear()
            self._has_lost = True
            return self._is_closing


def _encoded(events: Iterable[Event]) -> Iterator[bytes]:
    for event in events:
        try:
            yield orjson.dumps(event)
        except TypeError as fault:  # a lone surrogate in a name, a number beyond 64 bits
            logger.warning("a live event cannot be said in JSON and is left out: %s", fault)


def _cut(events: Iterable[bytes]) -> Iterator[list[bytes]]:
    """The encoded events in pieces of bounded count and size; one that is too large alone goes alone."""
    piece: list[bytes] = []
    size = 0
    for event in events:
        if piece and (len(piece) >= BATCH_EVENTS or size + len(event) > BATCH_BYTES):
            yield piece
            piece, size = [], 0
        piece.append(event)
        size += len(event) + 1
    yield piece
