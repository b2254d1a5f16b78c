"""The thread that evaluates alert rules and tells people: in one worker at a time, under a lease.

It must never harm the data path: a rule that fails costs no other, and no message waits for it.
"""

from __future__ import annotations

import logging
from datetime import datetime

from bridges.notices import Messenger
from bridges.runtime.leased_thread import SoleWatch
from bridges.runtime.leases import Leases
from telemetry.alerts.base import AlertKind
from telemetry.alerts.evaluation import clear_orphans, evaluate
from telemetry.alerts.registry import alert_kind_named
from telemetry.alerts.world import Habits, StoredWorld
from telemetry.models import AlertRule
from telemetry.outages import is_outage

logger = logging.getLogger(__name__)

LEASE = "alerts"
LOOK_EVERY_S = 5.0


class AlertWatch(SoleWatch):
    """Looks every few seconds, if no other worker does."""

    lease = LEASE

    def __init__(self, leases: Leases, *, every_s: float = LOOK_EVERY_S) -> None:
        super().__init__("alert-watch", leases, every_s=every_s)
        self._habits = Habits()
        self._messenger = Messenger()
        self._watched_since: datetime | None = None
        self._failing: set[str] = set()

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

    def rest(self) -> None:
        """What is silent while another worker looks is not silent to us."""
        self._watched_since = None

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
        except Exception as error:
            if is_outage(error):
                raise
            if rule.name not in self._failing:
                logger.exception("an alert rule failed", extra={"rule": rule.name})
            self._failing.add(rule.name)
        else:
            self._failing.discard(rule.name)

    def _say_once(self, rule: AlertRule, fault: str) -> None:
        if rule.name not in self._failing:
            logger.error("an alert rule cannot be used: %s", fault, extra={"rule": rule.name})
        self._failing.add(rule.name)
