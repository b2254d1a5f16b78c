"""Messages in transit that the hub has in hand: who waits for which, and what of them is to be written down. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from bridges.pipeline.memory import Changes, mark_of
from telemetry.ids import hour_in
from telemetry.recording.batch import Batch, DeliveryDraft, LedgerKey
from telemetry.values import Arrival, ArrivalKind

_BOOKED_AS = {"delivered": "delivered", "dead": "refused", "expired": "expired", "unknown": "unknown"}


@dataclass(slots=True, eq=False)
class Passage:
    """One message on its way through, as it arrived last (the source may send it again), and what was decided."""

    arrival: Arrival
    batch: Batch
    changes: Changes
    open: set[UUID] = field(default_factory=set)  # Deliveries whose end is not known
    ends: list[DeliveryDraft] = field(default_factory=list)

    @property
    def size(self) -> int:
        """The bytes that it holds, about."""
        return len(self.arrival.payload)


class Passages:
    """All that is in hand. Nothing leaves it but by `end`, when the last Delivery of a message has ended."""

    def __init__(self) -> None:
        self.size = 0
        self.settled: list[Passage] = []
        self._count = 0
        self._by_delivery: dict[UUID, Passage] = {}
        self._by_packet: dict[tuple[int, int], Passage] = {}

    def __len__(self) -> int:
        return self._count

    def in_hand(self, arrival: Arrival) -> Passage | None:
        """The passage that this arrival repeats because the connection broke; it is answered with it."""
        if not (arrival.dup and arrival.is_resumed and arrival.kind is ArrivalKind.MESSAGE):
            return None
        return self._by_packet.get(_packet(arrival))

    def add(self, passage: Passage) -> list[DeliveryDraft]:
        """Take it into hand; answers what must go out for it, in order."""
        self._count += 1
        self.size += passage.size
        due = []
        for draft in passage.batch.deliveries:
            if draft.state != "waiting":
                passage.ends.append(draft)
                continue
            passage.open.add(draft.id)
            self._by_delivery[draft.id] = passage
            due.append(draft)
        arrival = passage.arrival
        if arrival.qos and arrival.kind is ArrivalKind.MESSAGE:
            self._by_packet[_packet(arrival)] = passage
        self._look(passage)
        return due

    def end(self, draft: DeliveryDraft) -> None:
        """A Delivery has ended, in the state that the draft says."""
        passage = self._by_delivery.pop(draft.id)
        passage.open.discard(draft.id)
        passage.ends.append(draft)
        self._look(passage)

    def _look(self, passage: Passage) -> None:
        if not passage.open:
            self.settled.append(passage)

    def let_go(self, passages: Iterable[Passage]) -> None:
        """These are committed and acknowledged."""
        for passage in passages:
            self._count -= 1
            self.size -= passage.size
            packet = _packet(passage.arrival)
            if self._by_packet.get(packet) is passage:
                del self._by_packet[packet]


def _packet(arrival: Arrival) -> tuple[int, int]:
    return arrival.packet_id, mark_of(arrival.topic, arrival.payload)


def to_record(link: str, passages: Iterable[Passage], into: Batch) -> Batch:
    """What is written down of these: counters, dead letters, Deliveries that did not arrive, QoS 2 packet ids.

    A Delivery that arrived is a number in the ledger of the transit link. One that did not is a row, which a person can
    send again, and is booked as every row is: to its target.
    """
    for passage in passages:
        batch = passage.batch
        into.dead_letters += batch.dead_letters
        into.unreleased += batch.unreleased
        into.releases += batch.releases
        into.rule_counts.update(batch.rule_counts)
        into.rule_errors.update(batch.rule_errors)
        into.ledger.update({key: count for key, count in batch.ledger.items() if key.link == link})
        for draft in passage.ends:
            is_row = draft.state != "delivered"
            hour, where = hour_in(draft.id), draft.target if is_row else link
            into.ledger[LedgerKey(where, hour, "created")] += 1
            into.ledger[LedgerKey(where, hour, _BOOKED_AS[draft.state])] += 1
            if is_row:
                into.deliveries.append(draft._replace(message_id=None))
    return into


def to_announce(passages: Iterable[Passage], into: Batch) -> Batch:
    """What the pages are told of these. Not of those whose words no page can be sent: no database has judged them."""
    for passage in filter(_is_sayable, passages):
        into.messages += passage.batch.messages
        into.readings += passage.batch.readings
        into.deliveries += passage.ends
    return into


def _is_sayable(passage: Passage) -> bool:
    batch = passage.batch
    words = [
        *(word for row in batch.messages for word in (row.topic, row.topic_name, row.device, row.fault)),
        *(word for row in batch.readings for word in (row.device, row.metric, row.unit)),
        *(word for row in passage.ends for word in (row.address, row.reason)),
    ]
    try:
        "".join(words).encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return True
