"""The thread that evaluates alert rules and tells people: in one worker at a time, under a lease.

It must never harm the data path: it ends with nothing but `stop`, and whatever fails is logged and tried again.
"""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime

from django.db import connection

from bridges.notices import Messenger
from bridges.pipeline.committer import CONNECTION_ERRORS
from bridges.runtime.leases import Leases
from telemetry.alerts.base import AlertKind
from telemetry.alerts.evaluation import clear_orphans, evaluate
from telemetry.alerts.registry import alert_kind_named
from telemetry.alerts.world import Habits, StoredWorld
from telemetry.models import AlertRule

logger = logging.getLogger(__name__)

LEASE = "alerts"
LOOK_EVERY_S = 5.0


class AlertWatch(threading.Thread):
    """Looks every few seconds, if no other worker does."""

    def __init__(self, leases: Leases, *, every_s: float = LOOK_EVERY_S) -> None:
        super().__init__(name="alert-watch", daemon=True)
        self._leases = leases
        self._every_s = every_s
        self._habits = Habits()
        self._messenger = Messenger()
        self._watched_since: datetime | None = None
        self._failing: set[str] = set()
        self._stopping = threading.Event()

    def stop(self, timeout_s: float) -> bool:
        """Give up the lease and end. False if it still ran at the end of the time."""
        self._stopping.set()
        if self.is_alive():
            self.join(timeout_s)
        return not self.is_alive()

    def run(self) -> None:
        """The loop."""
        try:
            while not self._stopping.wait(self._every_s):
                self._look_safely()
            self._leases.release([LEASE])
        except CONNECTION_ERRORS:
            logger.debug("the database is away: the lease runs out by itself")
        finally:
            connection.close()

    def look(self, now: datetime) -> None:
        """Evaluate every rule and tell what is due."""
        self._watched_since = self._watched_since or now
        rules = list(AlertRule.objects.filter(is_enabled=True).defer("notify"))
        world = StoredWorld(now, self._watched_since, self._habits)
        for rule in rules:
            if (kind := self._kind_of(rule)) is not None:
                self._evaluate_safely(rule, kind, world)
        clear_orphans([rule.name for rule in rules], now)
        self._messenger.tell(rules, self._stopping)

    def _look_safely(self) -> None:
        try:
            if self._has_lease():
                self.look(datetime.now(UTC))
            else:
                self._watched_since = None
        except CONNECTION_ERRORS as error:
            logger.debug("alerts wait for the database: %s", error)
            connection.close()
        except Exception:
            logger.exception("alerts could not be evaluated")

    def _has_lease(self) -> bool:
        if self._leases.tokens and not self._leases.run_out():
            self._leases.forget(self._leases.renew())
        else:
            self._leases.forget([LEASE])
        return bool(self._leases.tokens) or self._leases.claim(LEASE, is_sticky=False) is not None

    def _kind_of(self, rule: AlertRule) -> AlertKind | None:
        try:
            kind = alert_kind_named(rule.kind)(rule.options)
        except ValueError as fault:
            self._say_once(rule, str(fault))
            return None
        return kind

    def _evaluate_safely(self, rule: AlertRule, kind: AlertKind, world: StoredWorld) -> None:
        try:
            evaluate(rule, kind, world)
        except CONNECTION_ERRORS:
            raise
        except Exception:
            if rule.name not in self._failing:
                logger.exception("an alert rule failed", extra={"rule": rule.name})
            self._failing.add(rule.name)
        else:
            self._failing.discard(rule.name)

    def _say_once(self, rule: AlertRule, fault: str) -> None:
        if rule.name not in self._failing:
            logger.error("an alert rule cannot be used: %s", fault, extra={"rule": rule.name})
        self._failing.add(rule.name)
