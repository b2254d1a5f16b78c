"""How often a caller may call, by scope (`RATE_LIMIT_*`), counted over all processes in Redis.

Each process counts for itself and compares notes with Redis every `SYNC_S`, or sooner for small limits, so that a fast
caller costs no round trip per request. Without Redis nobody is held up.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from hub.access.scopes import scope_of
from telemetry.api.callers import owner_of

log = logging.getLogger(__name__)
SYNC_S = 0.25
SYNC_SHARE = 500  # compare notes at the latest after a 500th of the limit
MOST_WINDOWS = 10_000
_RATE_OF = {"relay": "command"}  # a right of its own, counted with its kind
PERIODS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls in a period."""

    limit: int
    period_s: int


@dataclass(slots=True)
class Window:
    """One caller's calls in the present period. `shared` is what Redis said, `pending` what it does not know yet."""

    number: int
    shared: int = 0
    pending: int = 0
    synced_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a caller stands after one more call."""

    is_allowed: bool
    remaining: int
    reset_s: float


def parse_rate(text: str | None) -> Rate | None:
    """`600/minute` as a Rate; None where there is no limit."""
    if not text:
        return None
    count, _, period = text.partition("/")
    return Rate(int(count), PERIODS_S[period.strip()[0].lower()])


class Meter:
    """Counts calls in fixed windows that start at whole multiples of the period."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[str, Window] = {}

    def spend(self, caller: str, rate: Rate, now: float) -> Standing:
        """Count one call, unless the limit is reached."""
        number = int(now // rate.period_s)
        with self._lock:
            window = self._window(caller, number)
            window.pending += 1
            is_due = window.pending >= max(1, rate.limit // SYNC_SHARE) or now - window.synced_at >= SYNC_S
            unsent = window.pending if is_due else 0
            window.pending -= unsent
            window.shared += unsent
            window.synced_at = now if is_due else window.synced_at
        if unsent:
            window.shared = _add_shared(f"rate:{caller}:{number}", unsent, rate.period_s * 2)
        used = window.shared + window.pending
        return Standing(used <= rate.limit, max(0, rate.limit - used), (number + 1) * rate.period_s - now)

    def _window(self, caller: str, number: int) -> Window:
        window = self._windows.get(caller)
        if window is None or window.number != number:
            if len(self._windows) >= MOST_WINDOWS:
                self._windows.clear()
            window = self._windows[caller] = Window(number)
        return window


def _add_shared(key: str, count: int, timeout_s: int) -> int:
    """All calls of the window, those of other processes included; only `count` if Redis is away."""
    try:
        if cache.add(key, count, timeout_s):
            return count
        return int(cache.incr(key, count))
    except (RedisError, OSError, ValueError) as error:
        log.debug("no shared count: %s", error)
        return count


meter = Meter()


def spend(scope: str, caller: str) -> tuple[bool, float, dict[str, str]]:
    """Count one call: whether it may go on, the seconds until the next period, and the headers that say so.

    Source of the headers: draft-ietf-httpapi-ratelimit-headers.
    """
    rate = parse_rate(settings.PATCHBAY_RATES.get(scope))
    if rate is None:
        return True, 0.0, {}
    standing = meter.spend(f"{scope}:{caller}", rate, time.time())
    return (
        standing.is_allowed,
        standing.reset_s,
        {
            "RateLimit-Policy": f'"{scope}";q={rate.limit};w={rate.period_s}',
            "RateLimit": f'"{scope}";r={standing.remaining};t={int(standing.reset_s) + 1}',
        },
    )


def address_in(headers: Mapping[str, str], peer: str) -> str:
    """Who calls without a name: the address of the other side, or what a trusted proxy says of it."""
    forwarded = headers.get("X-Forwarded-For", "") if settings.PATCHBAY_TRUST_PROXY else ""
    return forwarded.rpartition(",")[2].strip() or peer


def address_of(request: Any) -> str:
    """The address that a request, Django's or the framework's, came from."""
    return address_in(request.headers, request.META.get("REMOTE_ADDR", ""))


class ScopeThrottle(BaseThrottle):
    """Holds back a caller that has used up the rate of the scope it calls with.

    A caller without a key or session is counted by its address, as `anonymous`.
    """

    _wait_s: float | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        """Whether the call may go on."""
        is_known = bool(request.user and request.user.is_authenticated)
        scope = str(scope_of(request, view) or "read") if is_known else "anonymous"
        scope = _RATE_OF.get(scope, scope)
        caller = owner_of(request) if is_known else address_of(request)
        is_allowed, wait_s, headers = spend(scope, caller)
        request._request.rate_headers = headers  # type: ignore[attr-defined] # see hub.access.rate_headers
        self._wait_s = None if is_allowed else wait_s
        return is_allowed

    def wait(self) -> float | None:
        """Seconds until the next call is welcome."""
        return self._wait_s


def hold_back_stranger(address: str) -> None:
    """Count a call of somebody whose key is no good, or who has none; raises Throttled."""
    is_allowed, wait_s, headers = spend("anonymous", address)
    if not is_allowed:
        held_back = Throttled(wait_s)
        held_back.rate_headers = headers  # type: ignore[attr-defined] # see hub.problems
        raise held_back
