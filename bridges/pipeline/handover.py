"""What happens after a commit: Deliveries go to the couriers of this process, news go to the pages.

Used by the committer thread alone.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from datetime import datetime

import orjson

from bridges.announcing import Announcer
from bridges.couriers import outbox
from bridges.couriers.courier import Courier
from bridges.couriers.limiter import Limiter
from bridges.pipeline.announcements import Announcements
from bridges.pipeline.decisions import MARK_VIA, marks_of
from bridges.pipeline.memory import Echo, Memory
from telemetry.links import LinkReport
from telemetry.live.events import Event
from telemetry.recording.batch import Batch, DeliveryDraft
from telemetry.recording.outcomes import Concluded
from telemetry.recording.recorder import Recorded
from telemetry.values import Outgoing

_LOOK_EVERY_S = 1.0
_EXPIRE_EVERY_S = 5.0
_READ_AT_ONCE = 1_000
_READS_IN_A_ROW = 5


class Handover:
    """The couriers of this process, and the way to the pages."""

    def __init__(self, instance: str, announcer: Announcer) -> None:
        self.instance = instance
        self.couriers: dict[str, Courier] = {}
        self.unmarked: set[str] = set()  # targets whose protocol cannot carry marks
        self.limiter = Limiter(self.couriers)
        self._announcer = announcer
        self._announcements = Announcements()
        self._looked_at = 0.0
        self._expired_at = 0.0

    @property
    def is_reading(self) -> bool:
        """Whether a courier has more to read at once."""
        return any(courier.wants_to_read for courier in self.couriers.values())

    def add(self, courier: Courier, *, now: datetime, carries_marks: bool) -> None:
        """Start carrying for a target; settles writes that a crash cut short."""
        if courier.is_write:
            self._announce_concluded(outbox.recover_writes(courier.target, may_repeat=courier.may_repeat, now=now))
        self.couriers[courier.target] = courier
        self.limiter.greet(courier)
        if not carries_marks:
            self.unmarked.add(courier.target)

    def remove(self, target: str) -> None:
        """Stop carrying for a target."""
        self.couriers.pop(target, None)
        self.unmarked.discard(target)

    def wake(self, targets: Collection[str]) -> None:
        """Somebody else committed Deliveries for these targets."""
        for target in targets:
            if courier := self.couriers.get(target):
                courier.wake()

    def begin_writes(self, batch: Batch) -> set[str]:
        """Let the first new write of each idle serial target be committed as `sending`: one commit less.

        Answers the targets of what is begun so: the batch needs their leases.
        """
        begun: set[str] = set()
        seen: set[str] = set()
        for index, draft in enumerate(batch.deliveries):
            if draft.kind != "write" or draft.target in seen or draft.state not in ("waiting", "sending"):
                continue
            seen.add(draft.target)
            courier = self.couriers.get(draft.target)
            state = "waiting"
            if courier is not None and courier.may_begin():
                state = "sending"
                begun.add(draft.target)
            batch.deliveries[index] = draft._replace(state=state)
        return begun

    def after_commit(self, batch: Batch, recorded: Recorded, memory: Memory) -> None:
        """Hand over what was committed, then announce it."""
        held = self._settle(batch)
        for report in batch.reports:
            self._see(report)
        self._hand_over(batch, memory)
        self._announcer.publish(*self._announcements.of_batch(batch, recorded.concluded, held))

    def adopt(self, batch: Batch) -> None:
        """Another thread of this process committed it: wake the couriers, tell the pages."""
        targets = {draft.target for draft in batch.deliveries if draft.state == "waiting"}
        self.wake(targets)
        self._announcer.wake(targets - self.couriers.keys())
        self._announcer.publish(*self._announcements.of_batch(batch, (), ()))

    def announce(self, events: Sequence[Event]) -> None:
        """Say something to the pages that no batch says."""
        self._announcer.publish(events)

    def serve(self, now: datetime) -> None:
        """Let couriers that are behind read on; look for others' Deliveries and overdue ones at times.

        Raises LeaseLost if a write was to be begun on a link that another worker holds.
        """
        clock = time.monotonic()
        if clock - self._looked_at >= _LOOK_EVERY_S:
            self._look()
            self._looked_at = clock  # only now: a look that failed is not one
        if clock - self._expired_at >= _EXPIRE_EVERY_S:
            self._announce_concluded(outbox.expire(now))
            self._expired_at = clock
        self._announce_concluded(self.limiter.serve(now))
        for courier in self.couriers.values():
            # Again at once: a batch that is committed before the next read would be new to it, and so on for ever.
            for _ in range(_READS_IN_A_ROW):
                if not courier.wants_to_read:
                    break
                self._read(courier, now)

    def _look(self) -> None:
        """Without Redis nobody wakes a courier: find waiting Deliveries that it does not hold."""
        for courier in self.couriers.values():
            if courier.is_open and not courier.is_behind and outbox.has_more(courier.target, courier.held):
                courier.wake()

    def _read(self, courier: Courier, now: datetime) -> None:
        limit = min(courier.room, _READ_AT_ONCE)
        waiting, is_all = outbox.read_new(courier.target, held=courier.held, limit=limit, with_begun=courier.is_write)
        new = courier.read(waiting, is_all=is_all)
        live = [d for d in new if d.expires_at is None or d.expires_at > now or d.state == "sending"]
        if len(live) < len(new):
            self._announce_concluded(outbox.expire(now))
        if courier.is_write and live:
            outbox.begin_writes([draft.id for draft in live], target=courier.target, token=courier.token)
            live = [draft._replace(state="sending") for draft in live]
        courier.carry(live, [self._outgoing(draft) for draft in live])

    def _hand_over(self, batch: Batch, memory: Memory) -> None:
        by_target: dict[str, list[DeliveryDraft]] = {}
        for draft in batch.deliveries:
            if draft.state in ("waiting", "sending"):
                by_target.setdefault(draft.target, []).append(draft)
        for target, drafts in by_target.items():
            courier = self.couriers.get(target)
            if target in self.unmarked:
                self._note_echoes(drafts, batch.at, memory)
            if courier is None:
                continue
            taken = courier.accept(drafts)
            courier.carry(taken, [self._outgoing(draft) for draft in taken])
        if elsewhere := by_target.keys() - self.couriers.keys():
            self._announcer.wake(elsewhere)

    def _note_echoes(self, drafts: Sequence[DeliveryDraft], now: datetime, memory: Memory) -> None:
        for draft in drafts:
            via = orjson.loads(draft.properties).get(MARK_VIA, "")
            memory.note_echo(Echo(draft.target, draft.address, draft.payload), via, now)

    def _settle(self, batch: Batch) -> list[DeliveryDraft]:
        """Let go of what is concluded; answers those drafts, for the announcement."""
        drafts: list[DeliveryDraft] = []
        if not batch.outcomes:
            return drafts
        for courier in self.couriers.values():
            mine = [outcome for outcome in batch.outcomes if outcome.id in courier.held]
            drafts += [courier.held[outcome.id] for outcome in mine]
            courier.settle(mine)
        return drafts

    def _see(self, report: LinkReport) -> None:
        if courier := self.couriers.get(report.link):
            courier.see_state(report.state, holds_back=report.holds_back)

    def _outgoing(self, draft: DeliveryDraft) -> Outgoing:
        return Outgoing(
            id=draft.id,
            payload=draft.payload,
            address=draft.address,
            qos=draft.qos,
            retain=draft.is_retained,
            expires_at=draft.expires_at,
            properties=marks_of(self.instance, draft.id, orjson.loads(draft.properties)),
        )

    def _announce_concluded(self, concluded: Sequence[Concluded]) -> None:
        self._announcer.publish(*self._announcements.of_stored(concluded))
