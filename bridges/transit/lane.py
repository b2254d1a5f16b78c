"""The way to one target: what waits for it, what its link holds, and what became of it. Pure: times are handed in."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from bridges.couriers.pace import Pace
from telemetry.backoff import Backoff
from telemetry.recording.batch import DeliveryDraft
from telemetry.values import Outcome, Verdict, storable

MAX_DISCONNECTS = 3  # as for Deliveries of the outbox
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 2.0


class Lane:
    """In order of the messages, also after some came back. `may_repeat`: a write whose end nobody knows goes again."""

    def __init__(self, target: str, *, window: int, may_repeat: bool = True, pace: Pace | None = None) -> None:
        self.target = target
        self.pace = pace
        self.may_repeat = may_repeat
        self.reason = ""  # why it stands still, if it does
        self._window = window
        self._waiting: list[DeliveryDraft] = []  # in id order, which is that of the messages
        self._held: dict[UUID, DeliveryDraft] = {}
        self._backoff = Backoff(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
        self._paused_until = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting

    def add(self, draft: DeliveryDraft) -> None:
        """Let it wait for its turn."""
        if self._waiting and draft.id < self._waiting[-1].id:
            insort(self._waiting, draft, key=lambda other: other.id)
        else:
            self._waiting.append(draft)

    def expired(self, now: datetime) -> list[DeliveryDraft]:
        """Those whose time is over, with that as their end."""
        late = [draft for draft in self._waiting if draft.expires_at is not None and draft.expires_at <= now]
        if late:
            self._waiting = [draft for draft in self._waiting if draft.expires_at is None or draft.expires_at > now]
        return [ended(draft, "expired", "it waited too long", now) for draft in late]

    def next(self, tick: float) -> Sequence[DeliveryDraft]:
        """Those that go to the link now. `tick`: monotonic seconds."""
        if not self._waiting or tick < self._paused_until:
            return ()
        room = self._window - len(self._held)
        if self.pace is not None:
            room = min(room, self.pace.allows)
        if room <= 0:
            return ()
        taken, self._waiting = self._waiting[:room], self._waiting[room:]
        self._held.update((draft.id, draft) for draft in taken)
        if self.pace is not None:
            self.pace.take(len(taken))
        return taken

    def stand(self, tick: float, reason: str) -> None:
        """The target is away: try again a little later."""
        self.reason = reason
        if tick >= self._paused_until:
            self._paused_until = tick + self._backoff.next_delay_s()

    def give_up(self, now: datetime) -> list[DeliveryDraft]:
        """Nobody will hear what becomes of what the link holds. What must not be repeated has that as its end."""
        if self.may_repeat:
            return []
        lost, self._held = list(self._held.values()), {}
        reason = "the transit link ended while it was being written: look whether it is whole"
        return [ended(draft, "unknown", reason, now) for draft in lost]

    def take(self, outcome: Outcome, *, tick: float, now: datetime) -> DeliveryDraft | None:
        """What the link says became of one; the draft with its end, or None if it goes again."""
        draft = self._held.pop(outcome.id, None)
        if draft is None:
            return None
        verdict, reason = outcome.verdict, storable(outcome.reason)
        if verdict is Verdict.RETURNED or (verdict is Verdict.UNKNOWN and self.may_repeat):
            return self._again(draft, outcome, tick=tick, now=now)
        self.reason = ""
        self._backoff.reset()
        if verdict is Verdict.DELIVERED:
            return ended(draft, "delivered", reason, now)
        return ended(draft, "dead" if verdict is Verdict.REFUSED else "unknown", reason, now)

    def _again(self, draft: DeliveryDraft, outcome: Outcome, *, tick: float, now: datetime) -> DeliveryDraft | None:
        reason = storable(outcome.reason)
        if outcome.is_abnormal:
            draft = draft._replace(disconnects=draft.disconnects + 1)
            if draft.disconnects >= MAX_DISCONNECTS:
                return ended(
                    draft, "dead", f"in flight at {MAX_DISCONNECTS} abnormal disconnects; the last: {reason}", now
                )
        insort(self._waiting, draft, key=lambda other: other.id)
        self.stand(tick, reason)
        return None


def ended(draft: DeliveryDraft, state: str, reason: str, now: datetime) -> DeliveryDraft:
    """The draft in its last state."""
    return draft._replace(state=state, reason=reason, done_at=now)
