"""Decides about one message in transit, by the same rules as about any other, and keeps nothing of it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from bridges.pipeline.decisions import MARK_HUB, MARK_VIA, Decider
from bridges.pipeline.memory import Echo, Memory
from bridges.pipeline.rows import dead_letter_draft
from bridges.pipeline.snapshot import ActiveRule, InTopic, Snapshot
from telemetry.recording.batch import Batch, MessageDraft
from telemetry.values import Arrival, Decoded, DecodeFault


class TransitDecider(Decider):
    """As its base, with these differences: what is not stored is counted as passed, dead letters carry the bytes, and
    the messages and readings of its batch are for the pages only.

    `source`: the key of the broker that it came from, as rules see it. `echoes` is the memory of what the hub
    published lately to brokers whose protocol carries no marks.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        memory: Memory,
        *,
        source: str,
        echoes: Memory,
        now: datetime,
        new_id: Callable[[], UUID],
    ) -> None:
        super().__init__(snapshot, memory, now=now, new_id=new_id)
        self._source = source
        self._echoes = echoes

    def count_again(self, arrival: Arrival) -> Batch:
        """It is in hand already: only the ledger hears of it."""
        self._count_received(arrival)
        self._count(arrival, "duplicate")
        return self.batch

    def _decode(self, arrival: Arrival, topics: Sequence[InTopic]) -> tuple[str, Sequence[Decoded], InTopic | None]:
        if not topics:  # no history has it: it must not pass as if it had been dealt with
            name = arrival.topics[0] if arrival.topics else arrival.topic
            raise DecodeFault(f"the topic {name} is not one that messages may pass through now")
        return super()._decode(arrival, topics)

    def _store(self, message: MessageDraft) -> MessageDraft:
        self.batch.last_message_at[message.source] = message.received_at
        message = message._replace(source=self._source)
        self.batch.messages.append(message)
        return message

    def _dead_letter(self, message: MessageDraft, reason: str, *, stage: str, rule: ActiveRule | None = None) -> None:
        letter = dead_letter_draft(message, reason, stage=stage, rule=rule, new_id=self._new_id)
        self.batch.dead_letters.append(letter._replace(message_id=None, payload=message.payload))

    def _via(self, arrival: Arrival) -> str:
        if arrival.properties.get(MARK_HUB) == self.snapshot.instance:
            return arrival.properties.get(MARK_VIA, "")
        return self._echoes.echo(Echo(self._source, arrival.topic, arrival.payload), self.batch.at) or ""

    def _count(self, arrival: Arrival, column: str, number: int = 1) -> None:
        super()._count(arrival, "passed" if column == "stored" else column, number)
