"""The committer: the one thread of a process that commits what links and the web hand in.

It takes what came while the last batch was committing, decides, records it in one transaction, and only then
acknowledges, hands over and announces - in that order. It never gives a message up: a batch that the
database refuses for its data is split down to the poison, one refused for the connection is kept and tried again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from django.db import connection

from bridges.pipeline.flushing import Flusher
from bridges.pipeline.handover import Handover
from bridges.pipeline.inbox import Inbox, Work
from bridges.pipeline.memory import Memory
from bridges.pipeline.patience import Patience, Stopped
from bridges.pipeline.portions import Portion, rest_of, with_each_key_once, without_keys
from bridges.pipeline.snapshot import Snapshot
from bridges.pipeline.spool import Spool
from telemetry.ids import new_id
from telemetry.links import LinkReport, LinkState
from telemetry.outages import first_line
from telemetry.recording.batch import Batch, LedgerKey, hour_of
from telemetry.recording.faults import KeyInUse, LeaseLost
from telemetry.recording.recorder import Recorded, Recorder
from telemetry.values import Arrival

logger = logging.getLogger(__name__)

MAX_ARRIVALS = 1000
MAX_ARRIVALS_SQLITE = 250  # about 50 ms of work: other writers wait that long
_IDLE_S = 0.25
_FLUSH_S = 1.0


class Acknowledger(Protocol):
    """Whatever handed arrivals in and is told when they are committed."""

    def acknowledge(self, arrivals: Sequence[Arrival]) -> None: ...


class DataRefused(Exception):
    """The database refuses a web request's own data."""


class Committer(threading.Thread):
    """Runs the data path of one process. `sources` maps a link key to who is told after the commit."""

    def __init__(
        self,
        name: str,
        *,
        inbox: Inbox,
        handover: Handover,
        spool: Spool | None = None,
        snapshot: Snapshot,
        on_lease_lost: Callable[[frozenset[str]], None] = lambda links: None,
    ) -> None:
        super().__init__(name="committer", daemon=True)
        self.inbox = inbox
        self.handover = handover
        self.spool = spool
        self.snapshot = snapshot
        self.memory = Memory()
        self.sources: dict[str, Acknowledger] = {}
        self.tokens: dict[str, int] = {}
        self._recorder = Recorder(name)
        self._on_lease_lost = on_lease_lost
        self._stopping = threading.Event()
        self._patience = Patience(
            self._recorder, stopping=self._stopping, on_outage=self._spool_waiting, level=logging.ERROR
        )
        self._last_seen: dict[str, float] = {}
        self._flushed_at = time.monotonic()
        self._at_hand: list[Arrival] = []  # taken out of the inbox, and not settled yet
        self._limit = MAX_ARRIVALS if connection.vendor == "postgresql" else MAX_ARRIVALS_SQLITE

    @property
    def database_is_away(self) -> bool:
        """Whether it is being waited for."""
        return self._patience.database_is_away

    def stop(self, timeout_s: float) -> bool:
        """Commit what is in the inbox, then end. False if it still ran at the end of the time."""
        self._stopping.set()
        self.inbox.call(lambda: None)
        self.join(timeout_s)
        return not self.is_alive()

    def run(self) -> None:
        """The loop. An error that nobody foresaw ends the thread; the process must end with it."""
        try:
            while True:
                is_last = self._stopping.is_set()
                work = self.inbox.take(self._limit, 0 if is_last or self.handover.is_reading else self._pause_s())
                self._turn(work)
                if is_last and not work.has_traffic:
                    return
        except Stopped:
            if self.spool is not None:
                self.spool.keep(self.inbox.peek())
            logger.warning("stopped while the database was away", extra={"waiting": len(self.inbox)})
        except Exception:
            logger.critical("the committer failed", exc_info=True)
            raise
        finally:
            connection.close()

    def use(self, snapshot: Snapshot) -> None:
        """Decide by this configuration from the next batch on. Thread-safe."""
        self.snapshot = snapshot

    def after_inbox(self, call: Callable[[], None]) -> None:
        """Run this in the committer thread after everything that is in the inbox now was committed. Thread-safe.

        What comes later is not waited for: under load the inbox may never be empty.
        """
        end = self.inbox.end()

        def later() -> None:
            if self.inbox.is_past(end):
                call()
            else:
                self.inbox.call(later)

        self.inbox.call(later)

    def _pause_s(self) -> float:
        return min(_IDLE_S, self.handover.limiter.pause_s(_IDLE_S))

    def _turn(self, work: Work) -> None:
        self.handover.limiter.obey(self.snapshot.limits)
        if work.has_traffic:
            self._at_hand = work.arrivals
            self._commit(Portion(work.arrivals, work.submissions, rest_of(work)))
        for call in work.calls:
            self._patience.patiently(call)
        if overdue := self._due_topics():
            self._commit(Portion(overdue=overdue))
        try:
            self._patience.patiently(lambda: self.handover.serve(datetime.now(UTC)))
        except LeaseLost as lost:
            self._lose(lost.links)

    def _due_topics(self) -> list[str]:
        """Once a second, the Topics of held links whose codecs remember something. What waits may hold their rest."""
        now = time.monotonic()
        if now - self._flushed_at < _FLUSH_S or len(self.inbox):
            return []
        self._flushed_at = now
        return [name for name, state in self.memory.codec_states.items() if state and self._may_flush(name)]

    def _may_flush(self, name: str) -> bool:
        topic = self.snapshot.topics.get(name)
        return topic is not None and topic.codec.is_stateful and topic.link in self.sources

    # Committing

    def _commit(self, portion: Portion) -> None:
        portion, repeated = with_each_key_once(self._without_strangers(portion))
        if repeated:
            try:
                self._commit(portion)
            finally:
                for submission, conflict in repeated:
                    submission.settle(conflict)
            return
        decider = self._decider()
        try:
            batch = self._decide(decider, portion)
            recorded = Recorded() if batch.is_empty else self._patience.record(batch)
        except LeaseLost as lost:
            self._lose(lost.links)
            self._commit(portion)
        except KeyInUse as conflict:
            self._commit(without_keys(portion, conflict))
        except Stopped as stop:
            for submission in portion.submissions:
                submission.settle(stop)
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the fault of one of these
            self._divide(portion, error)
        else:
            self._finish(portion, batch, recorded, decider)

    def _decider(self) -> Flusher:
        return Flusher(self.snapshot, self.memory, now=datetime.now(UTC), new_id=new_id)

    def _decide(self, decider: Flusher, portion: Portion) -> Batch:
        arrivals = [arrival for submission in portion.submissions for arrival in submission.arrivals]
        batch = decider.decide_all([*arrivals, *portion.arrivals])
        decider.flush(portion.overdue)
        batch.idempotency = [s.idempotency for s in portion.submissions if s.idempotency]
        if portion.rest is not None:
            batch.outcomes, batch.reports = portion.rest.outcomes, portion.rest.reports
            for link, count in portion.rest.dropped.items():
                batch.ledger[LedgerKey(link, hour_of(batch.at), "dropped")] += count
        links = {arrival.link for arrival in portion.arrivals} | {report.link for report in batch.reports}
        links |= {*decider.flushed_links, *self.handover.begin_writes(batch)}
        batch.tokens = {key: self.tokens[key] for key in links if key in self.tokens}
        batch.last_message_at = self._once_a_second(batch.last_message_at)
        return batch

    def _divide(self, portion: Portion, error: Exception) -> None:
        """The database refuses this portion for its data: find the poison and let the rest go on."""
        if portion.is_splittable:
            self._commit_in_turn(*portion.halves())
        elif portion.arrivals:
            self._bury(portion.arrivals[0], error)
        elif portion.submissions:
            portion.submissions[0].settle(DataRefused(first_line(error)))
        elif portion.overdue:
            self._bury_overdue(portion, error)
        else:
            logger.error("could not record outcomes and states: %s", first_line(error))

    def _commit_in_turn(self, first: Portion, second: Portion) -> None:
        try:
            self._commit(first)
        except Stopped as stop:
            for submission in second.submissions:
                submission.settle(stop)
            raise
        self._commit(second)

    def _bury(self, arrival: Arrival, error: Exception) -> None:
        logger.warning("the database refuses a message", extra={"link": arrival.link, "error": first_line(error)})
        decider = self._decider()
        batch = decider.bury(arrival, f"the database refuses it: {first_line(error)}")
        portion = Portion([arrival])
        self._finish(portion, batch, self._patience.record(batch), decider)

    def _bury_overdue(self, portion: Portion, error: Exception) -> None:
        (name,) = portion.overdue
        logger.warning("the database refuses what a codec held", extra={"topic": name, "error": first_line(error)})
        decider = self._decider()
        batch = decider.bury_overdue(name, f"the database refuses it: {first_line(error)}")
        self._finish(portion, batch, self._patience.record(batch), decider)

    def _finish(self, portion: Portion, batch: Batch, recorded: Recorded, decider: Flusher) -> None:
        """After the commit: acknowledge, hand over, announce."""
        self.memory.apply(decider.changes)
        self._acknowledge(portion.arrivals)
        for submission in portion.submissions:
            submission.settle(None)
        self.handover.after_commit(batch, recorded, self.memory)
        self._settle_at_hand(portion.arrivals)
        if self.spool is not None:
            self.spool.forget(portion.arrivals)

    def _settle_at_hand(self, settled: Sequence[Arrival]) -> None:
        if len(settled) == len(self._at_hand):
            self._at_hand = []
        else:
            known = {id(arrival) for arrival in settled}
            self._at_hand = [arrival for arrival in self._at_hand if id(arrival) not in known]

    def _acknowledge(self, arrivals: Sequence[Arrival]) -> None:
        by_link: dict[str, list[Arrival]] = {}
        for arrival in arrivals:
            by_link.setdefault(arrival.link, []).append(arrival)
        for key, group in by_link.items():
            if source := self.sources.get(key):
                source.acknowledge(group)

    # Leases

    def _without_strangers(self, portion: Portion) -> Portion:
        """Leave out what links say that this process no longer holds: arrivals come again to the holder.

        Not serial ones: nobody could ask for them again.
        """
        overdue = [name for name in portion.overdue if self._may_flush(name)]
        if portion.rest is not None:
            portion.rest.reports = [report for report in portion.rest.reports if self._may_report(report)]
        if len(overdue) == len(portion.overdue) and all(self._is_ours(arrival) for arrival in portion.arrivals):
            return portion
        return Portion([a for a in portion.arrivals if self._is_ours(a)], portion.submissions, portion.rest, overdue)

    def _may_report(self, report: LinkReport) -> bool:
        """Only the holder knows where a link stands; that it is disabled, everybody."""
        is_held = report.link in self.sources or report.link in self.handover.couriers
        return is_held or report.state is LinkState.DISABLED

    def _is_ours(self, arrival: Arrival) -> bool:
        return arrival.link in self.sources or bool(arrival.device) or arrival.sequence < 0  # or from the spool

    def _lose(self, links: frozenset[str]) -> None:
        logger.warning("another worker holds links of this one", extra={"links": sorted(links)})
        for key in links:
            self.sources.pop(key, None)
            self.tokens.pop(key, None)
            self.handover.remove(key)
        self._on_lease_lost(links)

    # Beside the commits

    def _spool_waiting(self) -> None:
        """The database is away: serial input is kept on disk."""
        if self.spool is not None:
            self.spool.keep([*self._at_hand, *self.inbox.peek()])

    def _once_a_second(self, seen: dict[str, datetime]) -> dict[str, datetime]:
        now = time.monotonic()
        due = {link: at for link, at in seen.items() if now - self._last_seen.get(link, 0) >= 1}
        self._last_seen.update(dict.fromkeys(due, now))
        return due
