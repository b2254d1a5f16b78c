"""The state of one courier: what it holds, and whether it is behind or caught up.

Pure bookkeeping, used by the committer thread alone: reading the outbox and committing are the caller's.

A courier that is *behind* reads the waiting Deliveries of its target in id order, leaving out what it holds.
One that is *caught up* takes new ones in memory, straight after their commit. It becomes caught up only by a
read that found nothing new, and falls behind whenever it could not take what was handed to it. Nothing here
remembers a last id: ids are not in commit order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from bridges.couriers.pace import Pace
from telemetry.links import Link, LinkState
from telemetry.recording.batch import DeliveryDraft
from telemetry.values import Outcome, Outgoing, Verdict


class Courier:
    """Carries the Deliveries of one target through one link.

    `is_write`: a serial target. It holds one at a time, and what it is given must have been committed as
    `sending` before.
    """

    def __init__(self, link: Link, *, is_write: bool, may_repeat: bool = False, token: int | None = None) -> None:
        self.link = link
        self.target = link.key
        self.is_write = is_write
        self.may_repeat = may_repeat
        self.token = token  # of the link's lease: no write is begun without it
        self.window = 1 if is_write else link.window
        self.is_open = False
        self.is_behind = True
        self.held: dict[UUID, DeliveryDraft] = {}
        self.pace: Pace | None = None  # None: as fast as the link takes them

    @property
    def room(self) -> int:
        """How many more it may hold now."""
        room = max(0, self.window - len(self.held)) if self.is_open else 0
        return room if self.pace is None else min(room, max(0, self.pace.allows))

    @property
    def wants_to_read(self) -> bool:
        """Whether a read of the outbox is due. Not for a handful: each read costs a query."""
        return self.is_open and self.is_behind and self.room > self._handful

    @property
    def _handful(self) -> int:
        return (self.window if self.pace is None else min(self.window, self.pace.bucket)) // 2

    @property
    def is_paused(self) -> bool:
        """Whether only its pace keeps it from reading."""
        is_held_up = self.pace is None or self.window - len(self.held) <= self._handful
        return self.is_open and self.is_behind and not is_held_up and not self.wants_to_read

    @property
    def pause_s(self) -> float:
        """How long its pace will keep it from reading."""
        return 0.0 if self.pace is None else self.pace.pause_s(self._handful + 1)

    def may_begin(self) -> bool:
        """Whether a write that is about to be committed may be committed as `sending` at once."""
        return self.is_write and self.is_open and not self.is_behind and self.room > 0

    def wake(self) -> None:
        """Somebody else committed Deliveries for this target."""
        self.is_behind = True

    def see_state(self, state: LinkState, *, holds_back: bool = False) -> None:
        """The link's state changed. One that holds back is connected and takes nothing."""
        self.is_open = state is LinkState.CONNECTED and not holds_back
        if self.is_open:
            self.is_behind = True

    def accept(self, drafts: Sequence[DeliveryDraft]) -> list[DeliveryDraft]:
        """Of Deliveries that this process has just committed, those to carry now.

        A write that was committed as `sending` is carried even if the link was lost meanwhile (it gives it back at
        once): nothing reads it from the outbox any more.
        """
        if self.is_write:
            begun = [draft for draft in drafts if draft.state == "sending"]
            self.is_behind |= len(begun) < len(drafts)
            return begun
        if self.is_behind or not self.is_open:
            self.is_behind = True
            return []
        taken = list(drafts[: self.room])
        if len(taken) < len(drafts):
            self.is_behind = True
        return taken

    def read(self, drafts: Iterable[DeliveryDraft], *, is_all: bool) -> list[DeliveryDraft]:
        """Of waiting Deliveries as read from the outbox, those to carry now. `is_all`: there are no more."""
        new = [draft for draft in drafts if draft.id not in self.held]
        if not new and is_all:
            self.is_behind = False
        return new[: self.room]

    def carry(self, drafts: Sequence[DeliveryDraft], items: Sequence[Outgoing]) -> None:
        """Give these to the link; `items` are the drafts as the link sends them."""
        if items:
            self.held.update((draft.id, draft) for draft in drafts)
            if self.pace is not None:
                self.pace.take(len(items))
            self.link.send(items)

    def settle(self, outcomes: Iterable[Outcome]) -> None:
        """These outcomes are committed."""
        for outcome in outcomes:
            if outcome.id in self.held:
                del self.held[outcome.id]
                if outcome.verdict is Verdict.RETURNED:
                    self.is_behind = True
