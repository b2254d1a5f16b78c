"""What an MQTT link says about itself: its state, and what somebody should mend although it works."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from bridges.mqtt.broker_watch import BrokerWatch
from bridges.mqtt.session import ConnectionEnded
from bridges.mqtt.settings import MqttSettings, ServerLimits
from bridges.mqtt.subscriber import Subscriber
from bridges.mqtt.words import TAKEN_OVER
from telemetry.links import LinkHost, LinkReport, LinkState

logger = logging.getLogger(__name__)

STABLE_S = 10.0
"""A connection that lasted this long counts as a success: the next failure starts from a short delay."""

_SUSPICIOUS_LIVES = 3


class Reporter:
    """Tells the host of changes only. For the link's thread."""

    def __init__(
        self, key: str, settings: MqttSettings, *, host: LinkHost, subscriber: Subscriber, watch: BrokerWatch
    ) -> None:
        self._key = key
        self._settings = settings
        self._host = host
        self._subscriber = subscriber
        self._watch = watch
        self._last: LinkReport | None = None
        self._said: LinkReport | None = None  # in the log; that it is tried again is not worth a line each time
        self._takeover = ""
        self._session = ""
        self._short_lives = 0  # connections in a row that the broker ended soon after it had accepted them

    def report(self, state: LinkState, detail: str) -> None:
        """Tell the host, if anything is new."""
        parts = (self._takeover, self._session, self._watch.warning, *self._subscriber.warnings.values())
        said = LinkReport(self._key, state, detail, " ".join(part for part in parts if part))
        report = said.after(self._last, datetime.now(UTC))
        if report != self._last:
            self._last = report
            self._log(said)
            self._host.report(report)

    def _log(self, report: LinkReport) -> None:
        if report.state is LinkState.CONNECTING or report == self._said:
            logger.debug("%s: %s", report.state, report.detail, extra={"link": self._key})
            return
        self._said = report
        level = logging.INFO if report.state is LinkState.CONNECTED and not report.warning else logging.WARNING
        words = f"{report.detail} {report.warning}".strip()
        logger.log(level, "%s: %s", report.state, words, extra={"link": self._key})

    def connected(self) -> None:
        """The connection stands; perhaps a warning changed."""
        self.report(LinkState.CONNECTED, f"Connected to {self._settings.address}.")

    def note_limits(self, limits: ServerLimits) -> None:
        """A connection begins: does the broker keep the session for as long as it was asked to?"""
        asked, given = self._settings.session_expiry_s, limits.session_expiry_s
        self._session = ""
        if given is not None and given < asked:
            self._session = f"The broker keeps messages for the hub for {given} s only, not for {asked} s."

    def note_end(self, end: ConnectionEnded, *, lasted_s: float) -> None:
        """The broker or the network ended a connection."""
        client = f"client uses the client id {self._settings.client_id!r} as well"
        self._short_lives += lasted_s < STABLE_S
        if end.code == TAKEN_OVER:
            self._takeover = f"Another {client}."
        elif self._short_lives >= _SUSPICIOUS_LIVES and not self._takeover:
            # MQTT 3.1.1 brokers, and Mosquitto 2.0 even with MQTT 5, do not say why.
            self._takeover = f"The broker ends connections soon after accepting them. Perhaps another {client}."

    def note_stable(self) -> None:
        """The connection has lasted: nobody takes it over."""
        self._short_lives = 0
        if self._takeover:
            self._takeover = ""
            self.connected()
