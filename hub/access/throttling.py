"""How often a caller may call, by scope (`RATE_LIMIT_*`), counted over all processes in Redis.

Each process counts for itself and compares notes with Redis every `SYNC_S`, or sooner for small limits, so that a fast
caller costs no round trip per request. Without Redis nobody is held up.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from hub.access.permissions import scope_of
from telemetry.api.callers import owner_of

log = logging.getLogger(__name__)
SYNC_S = 0.25
SYNC_SHARE = 500  # compare notes at the latest after a 500th of the limit
MOST_WINDOWS = 10_000
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


def hold_back(scope: str, owner: str) -> tuple[float, dict[str, str]] | None:
    """Count one call. If it is one too many: the seconds to wait, and the headers that say so."""
    rate = parse_rate(settings.PATCHBAY_RATES.get(scope))
    if rate is None:
        return None
    standing = meter.spend(f"{scope}:{owner}", rate, time.time())
    if standing.is_allowed:
        return None
    return standing.reset_s, {
        "RateLimit-Policy": f'"{scope}";q={rate.limit};w={rate.period_s}',
        "RateLimit": f'"{scope}";r=0;t={int(standing.reset_s) + 1}',
    }


class ScopeThrottle(BaseThrottle):
    """Holds back a caller that has used up the rate of the scope it calls with (or of the view's `throttle_scope`)."""

    _wait_s: float | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        """Whether the call may go on."""
        scope = getattr(view, "throttle_scope", None) or scope_of(request, view)
        delay = hold_back(str(scope), owner_of(request))
        if delay is None:
            return True
        self._wait_s, request.rate_limit_headers = delay  # type: ignore[attr-defined] # for the exception handler
        return False

    def wait(self) -> float | None:
        """Seconds until the next call is welcome."""
        return self._wait_s
