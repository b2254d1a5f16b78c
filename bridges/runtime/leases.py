"""Leases: the right of exactly one worker to hold a link. Claimed by a conditional UPDATE on the database's clock.

What guards is the token: every commit checks it in its own transaction (`telemetry.recording.recorder.check_tokens`),
so a holder that froze and wakes too late commits nothing. The holder counts its time down on its own clock as well, for
when the database cannot be asked; nothing relies on that. `docs/decisions/0009-leases-and-freezing.md` says it all.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psutil
from django.db.models import F, Q
from django.db.models.functions import Now

from telemetry.models import Lease
from telemetry.recording.transactions import brief_transaction

TERM_S = 15.0
RENEW_EVERY_S = 5.0
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Holder:
    """A worker process, told apart from any other: the installation on this host, process and start."""

    host: str
    pid: int
    started: int

    @classmethod
    def this_process(cls, instance: str) -> Holder:
        """The process that calls."""
        return cls(f"{socket.gethostname()}/{instance}", os.getpid(), _start_of(os.getpid()))

    @classmethod
    def parse(cls, text: str) -> Holder | None:
        """A holder as the database names it; None for none."""
        host, _, rest = text.partition(":")
        pid, _, started = rest.partition(":")
        return cls(host, int(pid), int(started)) if pid.isdigit() and started.isdigit() else None

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}:{self.started}"

    def is_gone(self, here: str) -> bool:
        """Whether it ran on this host and its process has ended: its leases need not run out first."""
        return self.host == here and _start_of(self.pid) != self.started


def _start_of(pid: int) -> int:
    try:
        return int(psutil.Process(pid).create_time() * 100)
    except psutil.Error:
        return 0


class Leases:
    """The leases of one worker. Every method may raise the database's connection errors."""

    def __init__(self, holder: Holder, *, term_s: float = TERM_S, clock: Callable[[], float] = time.monotonic) -> None:
        self.holder = holder
        self.tokens: dict[str, int] = {}
        self._term = timedelta(seconds=term_s)
        self._clock = clock
        self._until: dict[str, float] = {}

    def claim(self, key: str, *, is_sticky: bool) -> int | None:
        """Take a free, run-out or orphaned lease; answers its token, or None if somebody holds it.

        A sticky one (a local serial port) is never taken from another host: safety beats takeover.
        """
        asked_at = self._clock()
        Lease.objects.bulk_create([Lease(key=key, owner="", expires_at=_LONG_AGO)], ignore_conflicts=True)
        if not self._take(key, is_sticky=is_sticky):
            return None
        token = Lease.objects.values_list("token", flat=True).get(key=key, owner=str(self.holder))
        self.tokens[key] = token
        self._until[key] = asked_at + self._term.total_seconds()
        return token

    def renew(self) -> frozenset[str]:
        """Renew all; answers those that another worker took meanwhile."""
        asked_at = self._clock()
        with brief_transaction():
            held = self._lock(self.tokens)
            still = {key for key, token in held.items() if self.tokens[key] == token}
            Lease.objects.filter(key__in=held).update(expires_at=Now() + self._term)
        for key in still:
            self._until[key] = asked_at + self._term.total_seconds()
        return frozenset(self.tokens.keys() - still)

    def run_out(self) -> frozenset[str]:
        """Leases that could not be renewed in time, by our own clock: for when the database does not tell."""
        now = self._clock()
        return frozenset(key for key, until in self._until.items() if until <= now)

    def forget(self, keys: Collection[str]) -> None:
        """Stop counting these as ours."""
        for key in keys:
            self.tokens.pop(key, None)
            self._until.pop(key, None)

    def release(self, keys: Collection[str]) -> None:
        """Give these up, so that another worker need not wait for them to run out."""
        self.forget(keys)
        with brief_transaction():
            held = self._lock(keys)
            Lease.objects.filter(key__in=held).update(owner="", expires_at=_LONG_AGO)

    def is_held_elsewhere(self, key: str) -> bool:
        """Whether another worker holds it now."""
        return Lease.objects.filter(key=key, expires_at__gt=Now()).exclude(owner__in=["", str(self.holder)]).exists()

    def _lock(self, keys: Iterable[str]) -> dict[str, int]:
        """Those of these that are ours, with their tokens. In the order of their keys, as commits lock them:
        crosswise, a commit and a renewal would wait for each other.
        """
        mine = Lease.objects.filter(key__in=list(keys), owner=str(self.holder))
        return dict(mine.select_for_update().order_by("key").values_list("key", "token"))

    def _take(self, key: str, *, is_sticky: bool) -> bool:
        here = self.holder.host
        free = Q(owner="") | Q(owner=str(self.holder))
        run_out = Q(expires_at__lt=Now()) & (Q(owner__startswith=f"{here}:") if is_sticky else Q())
        owner = Lease.objects.values_list("owner", flat=True).get(key=key)
        orphaned = Q()
        if (other := Holder.parse(owner)) is not None and other.is_gone(here):
            orphaned = Q(owner=owner)
        condition = free | run_out | orphaned if orphaned else free | run_out
        changes = {"owner": str(self.holder), "host": here, "token": F("token") + 1, "expires_at": Now() + self._term}
        return Lease.objects.filter(condition, key=key).update(**changes) == 1
