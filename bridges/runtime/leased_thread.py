"""Threads that work under leases: they begin only with a lease in hand, and give it up as they end.

`SoleWatch` is the one to build on for "one worker at a time looks every few seconds": it must never harm the data
path, so it ends with nothing but `stop`, and whatever fails is logged and tried again at the next look.
"""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from typing import ClassVar

from django.db import Error, connection

from bridges.runtime.leases import Leases
from telemetry.outages import is_outage
from telemetry.recording.faults import LeaseLost

logger = logging.getLogger(__name__)


class LeasedThread(threading.Thread, ABC):
    """Works round by round until `stop`, then gives up what leases it has."""

    def __init__(self, name: str, leases: Leases, *, first_rest_s: float = 0.0) -> None:
        super().__init__(name=name, daemon=True)
        self._leases = leases
        self._stopping = threading.Event()
        self._first_rest_s = first_rest_s

    @abstractmethod
    def work(self) -> float:
        """One round; answers how many seconds there is nothing to do. An error that it raises ends the thread."""

    def stop(self, timeout_s: float) -> bool:
        """Finish the round at hand, give up the leases, end. False if it still ran at the end of the time."""
        self._stopping.set()
        if self.is_alive():
            self.join(timeout_s)
        return not self.is_alive()

    def run(self) -> None:
        """The loop."""
        rest_s = self._first_rest_s
        try:
            while not self._stopping.wait(rest_s):
                rest_s = self.work()
            self._give_up()
        except Exception:
            logger.critical("the %s failed", self.name, exc_info=True)
            raise
        finally:
            connection.close()

    def _give_up(self) -> None:
        try:
            self._leases.release(list(self._leases.tokens))
        except Error as error:
            if not is_outage(error):
                raise
            logger.warning("the database is away: the leases of the %s run out by themselves", self.name)


class SoleWatch(LeasedThread):
    """Looks every few seconds if no other worker does: `look`, and `rest` while another one does."""

    lease: ClassVar[str]

    def __init__(self, name: str, leases: Leases, *, every_s: float) -> None:
        super().__init__(name, leases, first_rest_s=every_s)
        self._every_s = every_s

    @abstractmethod
    def look(self, now: datetime) -> None:
        """What is to be done now. It may raise whatever it meets; LeaseLost if another worker took over meanwhile."""

    def rest(self) -> None:
        """Another worker looks: forget what a later look of ours must not go on from."""

    def work(self) -> float:
        """Look if the lease is ours, or free."""
        try:
            if self.has_lease():
                self.look(datetime.now(UTC))
            else:
                self.rest()
        except LeaseLost:
            self._leases.forget([self.lease])
        except Exception as error:
            if is_outage(error):
                logger.debug("the %s waits for the database: %s", self.name, error)  # the committer says so once
                connection.close()
            else:
                logger.exception("the %s could not look", self.name)
        return self._every_s

    def has_lease(self) -> bool:
        """Whether the lease is ours, renewed or claimed just now."""
        if self._leases.tokens and not self._leases.run_out():
            self._leases.forget(self._leases.renew())
        else:
            self._leases.forget([self.lease])
        return bool(self._leases.tokens) or self._leases.claim(self.lease, is_sticky=False) is not None
