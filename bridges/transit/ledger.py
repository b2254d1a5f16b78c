"""Writes down what became of messages in transit, in transactions of its own. Only a crossing's thread calls this.

It never gives up: a database that is away is waited for, and what it refuses for its data is kept as a dead letter.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import UUID

from bridges.pipeline.patience import Patience, Stopped
from bridges.pipeline.rows import buried_draft
from bridges.transit.passages import Passage, to_record
from telemetry.ids import new_id
from telemetry.models import UnreleasedPacket
from telemetry.outages import first_line
from telemetry.recording.batch import Batch, LedgerKey, hour_of
from telemetry.recording.faults import LeaseLost
from telemetry.recording.recorder import Recorder

logger = logging.getLogger(__name__)

_LAST_SEEN_EVERY_S = 1.0


class TransitLedger:
    """The commits of one life of a transit link. `token` answers that of its lease, None once it is lost.

    `committer` is made a name of its own: each life counts from 1, and the mark that one before it left would pass for
    a commit that failed.
    """

    def __init__(
        self, link: str, *, committer: str, token: Callable[[], int | None], stopping: threading.Event
    ) -> None:
        self._link = link
        self._token = token
        self._patience = Patience(Recorder(f"{committer} {new_id().hex[:12]}"), stopping=stopping)
        self._last_seen = 0.0

    def unreleased(self) -> dict[int, UUID]:
        """The QoS 2 packet ids that the broker has not released, as of the last commit."""
        found: dict[int, UUID] = {}
        self._patience.patiently(
            lambda: found.update(
                UnreleasedPacket.objects.filter(link=self._link).values_list("packet_id", "message_id")
            )
        )
        return found

    def release(self, packet_ids: Sequence[int]) -> None:
        """The broker has forgotten these packet ids; so must we, before anything new comes under them."""
        if packet_ids:
            self._record(Batch(at=datetime.now(UTC), releases=[(self._link, found) for found in packet_ids]))

    def write(self, passages: Sequence[Passage], *, dropped: int) -> None:
        """Commit what became of these. Raises Stopped or LeaseLost; then nothing of it may be acknowledged."""
        now = datetime.now(UTC)
        batch = to_record(self._link, passages, Batch(at=now))
        if dropped:
            batch.ledger[LedgerKey(self._link, hour_of(now), "dropped")] += dropped
        if passages and time.monotonic() - self._last_seen >= _LAST_SEEN_EVERY_S:
            self._last_seen = time.monotonic()
            batch.last_message_at = {self._link: now}
        try:
            self._record(batch)
        except (LeaseLost, Stopped):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the fault of one of these
            self._divide(passages, error, dropped=dropped)

    def _divide(self, passages: Sequence[Passage], error: Exception, *, dropped: int) -> None:
        if len(passages) > 1:
            half = len(passages) // 2
            self.write(passages[:half], dropped=dropped)
            self.write(passages[half:], dropped=0)
        elif passages:
            self._bury(passages[0], f"the database refuses it: {first_line(error)}")
        else:
            raise error

    def _bury(self, passage: Passage, reason: str) -> None:
        """Its targets have it, or will never have it; what is written down of it must be plain."""
        logger.warning("the database refuses a message in transit: %s", reason, extra={"link": self._link})
        arrival = passage.arrival
        batch = Batch(at=datetime.now(UTC))
        batch.dead_letters = [buried_draft(arrival, reason, new_id=new_id)]
        batch.unreleased = passage.batch.unreleased
        counted = sum(count for key, count in passage.batch.ledger.items() if key.column == "received")
        for column, count in (("received", counted), ("dead", 1)):
            batch.ledger[LedgerKey(self._link, hour_of(arrival.received_at), column)] += count
        self._record(batch)

    def _record(self, batch: Batch) -> None:
        token = self._token()
        if token is None:
            raise LeaseLost(frozenset([self._link]))
        batch.tokens = {self._link: token}
        self._patience.record(batch)
