"""A Redis cache that misses instead of failing: what is cached is a help, never a condition for an answer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

log = logging.getLogger(__name__)
PAUSE_S = 2.0
"""How long Redis is left alone after a failure, so that its absence does not slow every request."""


class ForgivingClient(RedisCacheClient):
    """Answers like an empty cache while Redis is away, and says so once."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._away_until = 0.0
        self._is_away = False

    def _attempt(self, call: Callable[[], Any], otherwise: Any) -> Any:
        if time.monotonic() < self._away_until:
            return otherwise
        try:
            answer = call()
        except (RedisConnectionError, RedisTimeoutError) as fault:
            self._went_away(fault)
            return otherwise
        if self._is_away:
            self._is_away = False
            log.info("the cache is back")
        return answer

    def _went_away(self, fault: Exception) -> None:
        self._away_until = time.monotonic() + PAUSE_S
        if not self._is_away:
            self._is_away = True
            log.warning("the cache is away, going on without it: %s", fault)

    def add(self, key: Any, value: Any, timeout: Any) -> Any:
        return self._attempt(lambda: super(ForgivingClient, self).add(key, value, timeout), True)

    def get(self, key: Any, default: Any) -> Any:
        return self._attempt(lambda: super(ForgivingClient, self).get(key, default), default)

    def set(self, key: Any, value: Any, timeout: Any) -> Any:
        return self._attempt(lambda: super(ForgivingClient, self).set(key, value, timeout), None)

    def touch(self, key: Any, timeout: Any) -> Any:
        return self._attempt(lambda: super(ForgivingClient, self).touch(key, timeout), False)

    def delete(self, key: Any) -> Any:
        return self._attempt(lambda: super(ForgivingClient, self).delete(key), False)

    def get_many(self, keys: Any) -> Any:
        return self._attempt(lambda: super(ForgivingClient, self).get_many(keys), {})

    def has_key(self, key: Any) -> Any:
        return self._attempt(lambda: super(ForgivingClient, self).has_key(key), False)

    def incr(self, key: Any, delta: int) -> Any:
        return self._attempt(lambda: super(ForgivingClient, self).incr(key, delta), delta)

    def set_many(self, data: Any, timeout: Any) -> Any:
        return self._attempt(lambda: super(ForgivingClient, self).set_many(data, timeout), None)

    def delete_many(self, keys: Any) -> Any:
        return self._attempt(lambda: super(ForgivingClient, self).delete_many(keys), None)

    def clear(self) -> Any:
        return self._attempt(super().clear, False)


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache with the forgiving client."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = ForgivingClient
