"""The message processor: works off what waits for batch rules, every N seconds, under a lease for each rule.

A run reads what waits, decides, and writes the outputs and the end of every message in one transaction that checks
the lease: processed exactly once, whatever ends when. It needs no Redis. A rule that fails costs only its own batch.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import Error, connection

from bridges.couriers.waiting import open_targets
from bridges.models import Rule
from bridges.pipeline.batching import Part, by_device, decide_batch, refuse_batch, unpacked
from bridges.pipeline.committer import Committer
from bridges.pipeline.snapshot import BATCH_PREFIX, ActiveRule
from bridges.runtime.leased_thread import LeasedThread
from bridges.runtime.leases import RENEW_EVERY_S, Leases
from telemetry.ids import new_id
from telemetry.models import Delivery
from telemetry.outages import is_outage
from telemetry.recording.batch import Batch
from telemetry.recording.faults import LeaseLost
from telemetry.recording.recorder import Recorder
from telemetry.recording.transactions import brief_transaction
from telemetry.values import Outcome, Verdict

logger = logging.getLogger(__name__)

MAX_MESSAGES = 10_000
MAX_BYTES = 16_000_000
_CLAIM_EVERY_S = 5.0
_LOOK_FOR_ORPHANS_EVERY_S = 30.0
_SHORTEST_WAIT_S, _LONGEST_WAIT_S = 0.02, 1.0
_CHUNK = 500
_NO_RULE = "there is no batch rule of this name any more"


class Overtaken(Exception):
    """Somebody else settled a message of the batch meanwhile: nothing was written, and it is read again."""


class Processor(LeasedThread):
    """Runs the batch rules of one worker. It must not end before `stop`: the process ends with it."""

    def __init__(self, *, leases: Leases, committer: Committer, clock: Callable[[], float] = time.time) -> None:
        super().__init__("processor", leases)
        self._committer = committer
        self._clock = clock
        self._recorder = Recorder(f"{leases.holder}/rules")
        self._worked_at: dict[str, float] = {}  # by target, on the wall clock
        self._renewed_at = self._claimed_at = self._orphans_at = 0.0

    def work(self) -> float:
        """One round, or a rest while the database is away."""
        try:
            return self._tick()
        except Error as error:
            if not is_outage(error):
                raise
            logger.debug("the database is away: %s", error)  # the committer says so once
            connection.close()
            self._leases.forget(self._leases.run_out())
            return _LONGEST_WAIT_S

    def _tick(self) -> float:
        """One round; answers how long there is nothing to do."""
        rules = {rule.batch_target: rule for rule in self._committer.snapshot.batch_rules}
        self._keep_leases(rules)
        for target, active in rules.items():
            if target in self._leases.tokens and self._is_due(active) and not self._stopping.is_set():
                self._work_safely(active)
                self._keep_leases(rules)
        self._settle_orphans()
        waits = [self._wait_s(active) for target, active in rules.items() if target in self._leases.tokens]
        return max(_SHORTEST_WAIT_S, min([*waits, _LONGEST_WAIT_S]))

    # When

    def _is_due(self, active: ActiveRule) -> bool:
        """Intervals are counted from 1970 on, so that 60 s means from minute to minute. A clock may also go back."""
        every_s = interval_s(active)
        return self._clock() // every_s != self._worked_at[active.batch_target] // every_s

    def _wait_s(self, active: ActiveRule) -> float:
        every_s = interval_s(active)
        return (self._worked_at[active.batch_target] // every_s + 1) * every_s - self._clock()

    # Leases

    def _keep_leases(self, rules: Iterable[str]) -> None:
        now = time.monotonic()
        wanted = set(rules)
        self._release(self._leases.tokens.keys() - wanted)
        if self._leases.tokens and now - self._renewed_at >= RENEW_EVERY_S:
            self._leases.forget(self._leases.renew())
            self._renewed_at = now
        new = wanted - self._leases.tokens.keys()
        if new and (now - self._claimed_at >= _CLAIM_EVERY_S or not new <= self._worked_at.keys()):
            self._claimed_at = now
            for target in sorted(new):
                self._worked_at.setdefault(target, self._clock())
                if self._leases.claim(target, is_sticky=False) is not None:
                    self._worked_at[target] = _oldest_waiting(target) or self._clock()

    def _release(self, targets: Iterable[str]) -> None:
        gone = list(targets)
        if gone:
            self._leases.release(gone)
            for target in gone:
                self._worked_at.pop(target, None)

    # Work

    def _work_safely(self, active: ActiveRule) -> None:
        target = active.batch_target
        began = self._clock()
        try:
            is_all = self._work(active)
        except (LeaseLost, Overtaken) as error:
            logger.warning("a batch is left to another worker: %s", error, extra={"rule": active.rule.name})
            self._leases.forget([target])
            return
        except Exception as error:  # a fault here must not cost the other rules
            if is_outage(error):
                raise
            logger.exception("a batch rule failed", extra={"rule": active.rule.name})
            is_all = True
        if is_all:
            self._worked_at[target] = began

    def _work(self, active: ActiveRule) -> bool:
        """Work off what waits; False if there is more."""
        parts, broken, is_all = read_parts(active.batch_target)
        if broken:
            self._record(Batch(at=datetime.now(UTC), outcomes=broken), active)
        if parts:
            self._commit(active, by_device(parts))
        return is_all

    def _commit(self, active: ActiveRule, groups: Sequence[Sequence[Part]]) -> None:
        """All in one transaction; if the database refuses it for its data, in smaller ones down to the poison."""
        now = datetime.now(UTC)
        try:
            self._record(decide_batch(active, groups, now=now, new_id=new_id), active)
        except (LeaseLost, Overtaken):
            raise
        except Exception as error:
            if is_outage(error):
                raise
            if len(groups) > 1:
                half = len(groups) // 2
                self._commit(active, groups[:half])
                self._commit(active, groups[half:])
            else:
                reason = f"the database refuses what came of it: {str(error).strip().split(chr(10))[0]}"
                self._record(refuse_batch(active, groups[0], reason, now=now), active)

    def _record(self, batch: Batch, active: ActiveRule) -> None:
        target = active.batch_target
        batch.tokens = {target: self._leases.tokens.get(target, -1)}
        with brief_transaction():
            recorded = self._recorder.record(batch)
            if len(recorded.concluded) != len(batch.outcomes):
                raise Overtaken("a message of it was settled by somebody else")
        committer = self._committer
        committer.inbox.call(partial(committer.handover.adopt, batch))

    # What waits for nobody

    def _settle_orphans(self) -> None:
        """Messages that wait for a rule that is gone, or works on each message now, become dead letters."""
        now = time.monotonic()
        if now - self._orphans_at < _LOOK_FOR_ORPHANS_EVERY_S:
            return
        self._orphans_at = now
        names = Rule.objects.filter(every_s__isnull=False).values_list("name", flat=True)
        known = {f"{BATCH_PREFIX}{name}" for name in names}
        for target in open_targets():
            if target.startswith(BATCH_PREFIX) and target not in known:
                waiting = Delivery.objects.filter(target=target, state=Delivery.State.WAITING).order_by("id")
                ids = list(waiting.values_list("id", flat=True)[:MAX_MESSAGES])
                outcomes = [Outcome(found, Verdict.REFUSED, _NO_RULE) for found in ids]
                self._recorder.record(Batch(at=datetime.now(UTC), outcomes=outcomes))


def interval_s(active: ActiveRule) -> float:
    """How often the rule works; the hub's own interval can change while it runs."""
    return active.every_s or float(settings.PATCHBAY_PROCESS_INTERVAL)


def read_parts(target: str) -> tuple[list[Part], list[Outcome], bool]:
    """The oldest messages that wait for a rule, the rows that cannot be read, and whether that was all."""
    parts: list[Part] = []
    broken: list[Outcome] = []
    size = 0
    rows = Delivery.objects.filter(target=target, state=Delivery.State.WAITING).order_by("id")
    fields = rows.values_list("id", "source", "payload", "properties")[:MAX_MESSAGES]
    for id, source, payload, properties in fields.iterator(chunk_size=_CHUNK):
        try:
            parts.append(unpacked(id, bytes(payload), source=source, via=properties.get("via", "")))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            broken.append(_broken(id, error))
        size += len(payload)
        if size >= MAX_BYTES:
            return parts, broken, False
    return parts, broken, len(parts) + len(broken) < MAX_MESSAGES


def _broken(id: UUID, error: Exception) -> Outcome:
    return Outcome(id, Verdict.REFUSED, f"this row is no message of a batch: {type(error).__name__}")


def _oldest_waiting(target: str) -> float | None:
    waiting = Delivery.objects.filter(target=target, state=Delivery.State.WAITING).order_by("id")
    created_at = waiting.values_list("created_at", flat=True).first()
    return created_at.timestamp() if created_at else None
