"""Listens for wake-ups from other processes: something waits for a target, or the configuration changed.

A wake-up only makes things quicker. Whoever listens must also look by itself now and then, because one may be lost.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import redis

from telemetry.backoff import Backoff
from telemetry.live.wire import Channels, connection_options, decode_wake

logger = logging.getLogger(__name__)

POLL_S = 0.5
SILENCE_S = 5.0
"""After this long without a word the connection is tested, and given up if no answer comes in the same time."""
_AWAY = (redis.RedisError, OSError)


class WakeListener:
    """A thread that calls `on_wake` with the targets of each wake-up, and reconnects by itself."""

    def __init__(self, redis_url: str, on_wake: Callable[[frozenset[str]], None]) -> None:
        self._url = redis_url
        self._on_wake = on_wake
        self._backoff = Backoff(base_s=0.1, cap_s=5.0)
        self._has_ended = threading.Event()
        self._is_listening = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wake-listener", daemon=True)

    def start(self) -> None:
        """Start listening and return at once."""
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """End the thread."""
        self._has_ended.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def wait_until_listening(self, timeout_s: float) -> bool:
        """Whether Redis has confirmed the subscription, within this time."""
        return self._is_listening.wait(timeout_s)

    def _run(self) -> None:
        while not self._has_ended.is_set():
            try:
                self._listen()
            except _AWAY as fault:
                self._is_listening.clear()
                if self._backoff.failures == 0:
                    logger.warning("Redis is away: other processes cannot wake this one until it is back (%s)", fault)
                self._has_ended.wait(self._backoff.next_delay_s())

    def _listen(self) -> None:
        with redis.Redis.from_url(self._url, **connection_options()) as client, client.pubsub() as pubsub:
            pubsub.subscribe(Channels.of(self._url).wake)
            heard_at = time.monotonic()
            is_tested = False
            while not self._has_ended.is_set():
                message = pubsub.get_message(timeout=POLL_S)
                if message is not None:
                    heard_at, is_tested = time.monotonic(), False
                    self._take(message)
                elif time.monotonic() - heard_at > SILENCE_S:
                    if is_tested:
                        raise redis.TimeoutError("no answer")
                    pubsub.ping()
                    heard_at, is_tested = time.monotonic(), True

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "subscribe":
            if self._backoff.failures:
                logger.info("Redis is back: other processes can wake this one again")
            self._backoff.reset()
            self._is_listening.set()
        elif message["type"] == "message":
            try:
                self._on_wake(decode_wake(message["data"]))
            except Exception:
                logger.exception("a wake-up led to a fault and is left out")
