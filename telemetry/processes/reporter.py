"""A thread in each process of the hub that reports the process every few seconds and answers what all are asked.

It looks for a request to read the environment again once a second, in the database: that needs no Redis. It must never
hold up or end its process.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import psutil
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models.functions import Now

from telemetry.models import EnvironmentRequest, ProcessStatus
from telemetry.processes.gauges import gauges

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
REPORT_EVERY_S = 5.0
_LOOKS_PER_REPORT = round(REPORT_EVERY_S / LOOK_EVERY_S)


@dataclass(frozen=True, slots=True)
class Reread:
    """What reading the environment again did in this process: variables by name, never by value."""

    applied: Sequence[str] = ()
    needs_restart: Sequence[str] = ()
    fault: str = ""


class ProcessReporter(threading.Thread):
    """Reports one process. `reread` reads the environment again and does not raise."""

    def __init__(self, role: str, *, site: str, reread: Callable[[], Reread]) -> None:
        super().__init__(name="process-reporter", daemon=True)
        self.role = role
        self.pid = os.getpid()
        self.host = socket.gethostname()
        self._process = psutil.Process(self.pid)
        started = self._process.create_time()
        self._started_at = datetime.fromtimestamp(started, UTC)
        self.key = f"{role}:{self.host}:{self.pid}:{int(started * 100)}"
        self._site = site
        self._reread = reread
        self._answered: int | None = None
        self._answer = Reread()
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def run(self) -> None:
        """The loop."""
        looks = 0
        try:
            while not self._stopping.is_set():
                self._safely(self.report if looks % _LOOKS_PER_REPORT == 0 else self.look)
                looks += 1
                self._stopping.wait(LOOK_EVERY_S)
            self._safely(self.withdraw)
        finally:
            connection.close()

    def stop(self, timeout_s: float = 2.0) -> None:
        """End, and take the report away: the process is about to end."""
        self._stopping.set()
        if self.is_alive():
            self.join(timeout_s)

    def report(self) -> None:
        """Write how this process is."""
        self._note_requests()
        measured = gauges.read()
        disk = psutil.disk_usage(str(settings.PATCHBAY_DATA_DIR))
        ProcessStatus.objects.update_or_create(
            key=self.key,
            defaults={
                "role": self.role,
                "host": self.host,
                "pid": self.pid,
                "site": self._site,
                "started_at": self._started_at,
                "seen_at": Now(),
                "rss_bytes": self._process.memory_info().rss,
                "inbox": measured.inbox,
                "batches": measured.batches,
                "batch_p50_s": measured.batch_p50_s,
                "batch_p95_s": measured.batch_p95_s,
                "disk_free_bytes": disk.free,
                "disk_total_bytes": disk.total,
                "environment": self._answered or 0,
                "applied": list(self._answer.applied),
                "needs_restart": list(self._answer.needs_restart),
                "fault": self._answer.fault,
            },
        )

    def look(self) -> None:
        """Answer a new request, if there is one."""
        if self._note_requests():
            self.report()

    def withdraw(self) -> None:
        """Take the report away."""
        ProcessStatus.objects.filter(key=self.key).delete()

    def _note_requests(self) -> bool:
        """Whether a new request was answered. Those before the start of this process are no matter of it."""
        number = EnvironmentRequest.current()
        with self._lock:
            is_new = self._answered is not None and number > self._answered
            if is_new:
                self._answer = self._reread()
            self._answered = number
        return is_new

    def _safely(self, step: Callable[[], None]) -> None:
        try:
            step()
        except DatabaseError as fault:
            logger.debug("this process could not report itself: %s", fault)
            connection.close()
        except Exception:
            logger.exception("the report of this process failed")
