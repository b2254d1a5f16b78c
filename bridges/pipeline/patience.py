"""Commits with patience: a database that is away is waited for, for as long as it takes, and nothing is given up.

Whether it is away or the data are at fault is judged in `telemetry.outages`; what the data are at fault for is raised.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import connection

from telemetry.backoff import Backoff
from telemetry.outages import first_line, is_outage
from telemetry.recording.batch import Batch
from telemetry.recording.recorder import Recorded, Recorder

logger = logging.getLogger(__name__)


class Stopped(Exception):
    """We were told to stop while the database was away: nothing of this was committed."""


class Patience:
    """What one thread does about outages. `on_outage` is called before each rest; `level`: how loud it says them."""

    def __init__(
        self,
        recorder: Recorder,
        *,
        stopping: threading.Event,
        on_outage: Callable[[], None] = lambda: None,
        level: int = logging.DEBUG,
    ) -> None:
        self.database_is_away = False
        self._recorder = recorder
        self._stopping = stopping
        self._on_outage = on_outage
        self._level = level
        self._backoff = Backoff(0.1, 2.0)

    def patiently(self, call: Callable[[], object]) -> None:
        """Run it until the database answers; raises Stopped."""
        while True:
            try:
                call()
            except Exception as error:  # noqa: BLE001 - judged by _rest
                self._rest(error)
            else:
                self._go_on()
                return

    def record(self, batch: Batch) -> Recorded:
        """Record the batch; raises Stopped, or what `Recorder.record` raises beside outages."""
        while True:
            try:
                recorded = self._recorder.record(batch)
            except Exception as error:  # noqa: BLE001 - judged by _rest
                self._rest(error)
                if self._is_in():
                    return Recorded()
            else:
                self._go_on()
                return recorded

    def _is_in(self) -> bool:
        """Whether the batch was committed although the connection broke; waits until the database can tell."""
        while True:
            try:
                return self._recorder.is_committed()
            except Exception as error:  # noqa: BLE001 - judged by _rest
                self._rest(error)

    def _rest(self, error: Exception) -> None:
        """Wait for the next try; raises the error if it is no outage, and Stopped if we are told to end."""
        if not is_outage(error):
            raise error
        if not self.database_is_away:
            self.database_is_away = True
            logger.log(self._level, "the database is away: %s", first_line(error))
        self._on_outage()
        connection.close()
        if self._stopping.wait(self._backoff.next_delay_s()):
            raise Stopped from error

    def _go_on(self) -> None:
        if self.database_is_away:
            self.database_is_away = False
            logger.log(min(self._level, logging.INFO), "the database is back")
        self._backoff.reset()
