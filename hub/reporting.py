"""Starts the reporter of this process: web processes at their first request, Celery's by its signals."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from typing import Any

from celery.signals import beat_init, worker_init, worker_shutdown
from django.conf import settings

from hub.reload import reread
from telemetry.models import ProcessStatus
from telemetry.processes.reporter import ProcessReporter

log = logging.getLogger(__name__)
_lock = threading.Lock()
_reporters: list[ProcessReporter] = []


def report_this_process(role: str) -> None:
    """From now on this process reports itself. Cheap to call again; a forked process starts its own."""
    if _reporters and _reporters[0].pid == os.getpid():
        return
    if not settings.PATCHBAY_REPORTS_ITSELF:
        return
    with _lock:
        if _reporters and _reporters[0].pid == os.getpid():
            return
        _reporters[:] = [ProcessReporter(role, site=settings.PATCHBAY_SITE, reread=reread)]
        _reporters[0].start()
        atexit.register(stop_reporting)
        log.info("started", extra={"role": role, "site": settings.PATCHBAY_SITE})


def stop_reporting(**_: Any) -> None:
    """This process ends: it takes its report away."""
    with _lock:
        while _reporters:
            _reporters.pop().stop()
            log.info("ended")


def report_celery_processes() -> None:
    """Let workers and the scheduler report themselves."""
    worker_init.connect(_worker_begins)
    worker_shutdown.connect(stop_reporting)
    beat_init.connect(_schedule_begins)


def _worker_begins(**_: Any) -> None:
    report_this_process(ProcessStatus.Role.WORKER)


def _schedule_begins(**_: Any) -> None:
    report_this_process(ProcessStatus.Role.SCHEDULE)
