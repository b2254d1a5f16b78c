"""Wakes the couriers that are tasks, by sending `drain` to Celery.

It must never hold up whoever commits. A wake-up that is lost only costs time: the schedule looks for what was missed.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection
from typing import Final

from celery import Celery
from django.conf import settings
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from bridges.actions.registry import CARRIED

logger = logging.getLogger(__name__)

DRAIN: Final = "bridges.drain"
PAUSE_S = 0.1
"""A target is woken at most ten times a second: its task works on for as long as something comes."""
EXPIRES_S = 60
_AWAY = (OperationalError, RedisError, OSError)


def is_task_target(target: str) -> bool:
    """Whether a task carries the Deliveries of this target."""
    return target.partition(":")[0] in CARRIED


class TaskSender:
    """One thread, started by the first use."""

    def __init__(self) -> None:
        self._targets: set[str] = set()
        self._changed = threading.Condition()
        self._is_closing = False
        self._is_away = False
        self._thread: threading.Thread | None = None

    def send(self, targets: Collection[str]) -> None:
        """Have these drained. Thread-safe and quick."""
        with self._changed:
            self._targets.update(targets)
            if self._thread is None and not self._is_closing:
                self._thread = threading.Thread(target=self._run, name="task-sender", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self, timeout_s: float = 1.0) -> None:
        """Send what is left, if Redis is there, and end the thread."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        app = _sending_app()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._targets or self._is_closing)
                targets, self._targets = self._targets, set()
                if not targets:
                    return
            for target in sorted(targets):
                self._send_one(app, target)
            with self._changed:
                self._changed.wait_for(lambda: self._is_closing, PAUSE_S)

    def _send_one(self, app: Celery, target: str) -> None:
        try:
            app.send_task(DRAIN, [target], expires=EXPIRES_S, retry=False)
        except _AWAY as fault:
            if not self._is_away:
                logger.warning("Redis is away: webhooks, scripts and notifications wait until it is back (%s)", fault)
            self._is_away = True
        else:
            self._is_away = False


def _sending_app() -> Celery:
    """A Celery application that only sends: web processes do not load the one with the tasks."""
    app = Celery("patchbay-sender", set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    options = dict(settings.CELERY_BROKER_TRANSPORT_OPTIONS)
    app.conf.broker_transport_options = options | {"max_retries": 1, "interval_start": 0, "interval_max": 0.2}
    return app
