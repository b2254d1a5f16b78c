"""The transit link of a broker: messages that pass through unstored, on sessions of their own.

It keeps the contract of `telemetry.links.Link` as far as it applies: nothing in the outbox is ever addressed to it, and
it acknowledges its sources itself. A fault in it ends one crossing; the next begins, and the source sends again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from django.db import connection

from bridges.mqtt.settings import Subscription
from bridges.pipeline.patience import Stopped
from bridges.transit.around import Around
from bridges.transit.crossing import Crossing, TransitSettings
from telemetry.backoff import Backoff
from telemetry.links import LinkReport, LinkState
from telemetry.recording.faults import LeaseLost
from telemetry.values import Arrival, Outgoing

logger = logging.getLogger(__name__)


class TransitLink:
    """Holds the sessions and a thread of its own."""

    window = 1

    def __init__(
        self, key: str, settings: TransitSettings, *, subscriptions: Sequence[Subscription], around: Around
    ) -> None:
        self.key = key
        self._settings = settings
        self._subscriptions = tuple(subscriptions)
        self._around = around
        self._stopping = threading.Event()
        self._crossing: Crossing | None = None
        self._backoff = Backoff()
        self._thread = threading.Thread(target=self._run, name=key, daemon=True)

    def start(self) -> None:
        """Start the thread and return at once."""
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Let what is in hand arrive for a moment, then end; the source keeps what was not acknowledged."""
        self._stopping.set()
        if self._crossing is not None:
            self._crossing.desk.wake()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def acknowledge(self, arrivals: Sequence[Arrival]) -> None:
        """Nothing of it goes through the committer."""

    def send(self, items: Sequence[Outgoing]) -> None:
        """It is no target: nothing is ever sent by it."""

    def update_subscriptions(self, subscriptions: Sequence[Subscription]) -> None:
        """Subscribe and unsubscribe the difference, without a new connection."""
        self._subscriptions = tuple(subscriptions)
        if self._crossing is not None:
            self._crossing.input.update_subscriptions(self._subscriptions)

    def _run(self) -> None:
        try:
            while not self._stopping.is_set() and self._cross():
                self._stopping.wait(self._backoff.next_delay_s())
        finally:
            connection.close()

    def _cross(self) -> bool:
        """One life; answers whether to begin another."""
        subscriptions = self._subscriptions
        crossing = self._crossing = Crossing(
            self.key, self._settings, subscriptions=subscriptions, around=self._around, stopping=self._stopping
        )
        if self._subscriptions is not subscriptions:
            crossing.input.update_subscriptions(self._subscriptions)
        try:
            crossing.run()
        except Stopped:
            return False
        except LeaseLost as lost:
            self._around.lose(lost.links)
            return False
        except Exception:  # the border of the thread: a fault of ours must not end the link for good
            logger.exception("the transit link failed", extra={"link": self.key})
            self._around.report(
                LinkReport(self.key, LinkState.LOST, "A fault in the hub ended the connection; its log says more.")
            )
        return True
