"""The short tasks of couriers: `drain` works off one target, `drain_what_waits` finds what no wake-up told of."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down
from django.conf import settings
from django.db import Error, connection

from bridges.couriers import waiting
from bridges.couriers.drain import drain as drain_target
from bridges.couriers.drain import lease_key
from bridges.couriers.task_sender import DRAIN, TaskSender, is_task_target
from bridges.pipeline.announcements import Announcements
from bridges.runtime.leases import Holder, Leases
from telemetry.live.publisher import LivePublisher
from telemetry.outages import first_line, is_outage
from telemetry.recording.faults import LeaseLost
from telemetry.recording.outcomes import Concluded

logger = logging.getLogger(__name__)

BUDGET_S = 10.0
"""So long one task works for one target; then others have their turn."""
LEASE_S = 360.0
"""Longer than any action may take. On the same host a dead worker's lease is free at once."""
RENEW_AFTER_S = 20.0

_stopping = threading.Event()
_busy: set[str] = set()
_lock = threading.Lock()
_sender = TaskSender()
_announcements = Announcements()
_publishers: list[LivePublisher] = []


@worker_shutting_down.connect(weak=False)
def _stop(**_: Any) -> None:
    """SIGTERM came: running scripts end, nothing new is begun."""
    _stopping.set()


@shared_task(name=DRAIN, ignore_result=True)
def drain(target: str) -> None:
    """Work off what waits for a target, unless somebody else does."""
    if not is_task_target(target) or not _claim_here(target):
        return
    try:
        has_more = _drain_under_lease(target)
    except LeaseLost:
        logger.warning("another worker drains it now", extra={"target": target})
        return
    except Error as error:
        if not is_outage(error):
            raise
        logger.warning("the database is away: %s", first_line(error), extra={"target": target})
        connection.close()
        return
    finally:
        with _lock:
            _busy.discard(target)
    if has_more:
        _sender.send([target])


@shared_task(name="bridges.drain_what_waits", ignore_result=True)
def drain_what_waits() -> None:
    """Send `drain` for every target that has something waiting and may be tried."""
    now = datetime.now(UTC)
    due = [target for target in waiting.open_targets() if is_task_target(target) and waiting.is_due(target, now)]
    if due:
        _sender.send(due)


def _claim_here(target: str) -> bool:
    """The lease tells processes apart, this tells the threads of one."""
    with _lock:
        if target in _busy:
            return False
        _busy.add(target)
        return True


def _drain_under_lease(target: str) -> bool:
    """Whether something still waits that may be tried now: also what came just before the lease was given up."""
    leases = Leases(Holder.this_process(settings.PATCHBAY_INSTANCE_ID), term_s=LEASE_S)
    key = lease_key(target)
    if leases.claim(key, is_sticky=False) is None:
        return False
    renewed_at = time.monotonic()

    def keep_lease() -> int:
        nonlocal renewed_at
        if time.monotonic() - renewed_at >= RENEW_AFTER_S:
            lost, renewed_at = leases.renew(), time.monotonic()
            if lost:
                raise LeaseLost(lost)
        return leases.tokens[key]

    try:
        drain_target(target, keep_lease=keep_lease, stopping=_stopping, announce=_announce, budget_s=BUDGET_S)
    finally:
        leases.release([key])
    return not _stopping.is_set() and waiting.has_waiting(target) and waiting.is_due(target, datetime.now(UTC))


def _announce(concluded: Sequence[Concluded]) -> None:
    with _lock:
        if not _publishers:
            _publishers.append(LivePublisher(settings.REDIS_URL))
    _publishers[0].publish(*_announcements.of_stored(concluded))
