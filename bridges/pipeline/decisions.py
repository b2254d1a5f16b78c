"""Decides about arrivals: duplicate or new, decoded or dead, which rules match, what goes out. Records nothing.

Pure: no Django, no I/O; time and ids are handed in. One arrival can never spoil another: whatever goes wrong
with it becomes its own fault.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from bridges.codecs.base import MAX_PAYLOAD_BYTES, Codec, Incoming
from bridges.discovery.births import birth_name, is_birth, noted
from bridges.pipeline.batching import draft_part
from bridges.pipeline.memory import Changes, Echo, Memory
from bridges.pipeline.outputs import Origin, add_delivery, draft_delivery
from bridges.pipeline.replies import NOBODY, asked_by, draft_reply, is_last_of_answer
from bridges.pipeline.rows import buried_draft, dead_letter_draft, dumped, message_draft, moment, reading_drafts
from bridges.pipeline.seen import Seen
from bridges.pipeline.snapshot import ActiveRule, InTopic, Snapshot
from bridges.pipeline.states import is_own, state_draft
from bridges.rules.expression import Variables
from bridges.rules.faults import EvaluationFault
from devices.drivers.base import FAULT
from telemetry.recording.batch import Batch, LedgerKey, MessageDraft, hour_of
from telemetry.values import PACKETS, Arrival, ArrivalKind, Decoded, DecodeFault, storable

logger = logging.getLogger(__name__)

MARK_HUB, MARK_VIA = "hub", "via"  # user properties of what a hub publishes


class Decider:
    """Turns arrivals into one Batch and the changes of memory that go with it."""

    def __init__(self, snapshot: Snapshot, memory: Memory, *, now: datetime, new_id: Callable[[], UUID]) -> None:
        self.snapshot = snapshot
        self.memory = memory
        self.batch = Batch(at=now)
        self._seen = Seen(memory, self.batch)
        self._new_id = new_id
        self._received_at: datetime | None = None
        self._hour = now  # of `_received_at`
        self._births: dict[str, bytes] = {}

    @property
    def changes(self) -> Changes:
        """What the batch adds to the memory, if it is committed."""
        return self._seen.changes

    def decide_all(self, arrivals: Iterable[Arrival]) -> Batch:
        """Decide about each arrival, in order."""
        for arrival in arrivals:
            self._count_received(arrival)
            self._seen.see_connection(arrival)
            if arrival.kind is ArrivalKind.RELEASE:
                self._seen.release(arrival)
            else:
                self._decide(arrival)
        self._seen.keep(self._births)
        return self.batch

    def bury(self, arrival: Arrival, reason: str) -> Batch:
        """The database refuses this arrival's own rows: keep its bytes as a dead letter without a message."""
        self._count_received(arrival)
        self._count(arrival, "dead")
        message_id = arrival.id or self._new_id()
        if arrival.qos == 2 and arrival.packet_id:
            self._seen.hold(arrival, message_id)
        self.batch.dead_letters.append(buried_draft(arrival, reason, new_id=self._new_id))
        return self.batch

    # One arrival

    def _decide(self, arrival: Arrival) -> None:
        needs_release = arrival.qos == 2 and arrival.packet_id
        if needs_release and self._seen.is_held(arrival):
            self._count(arrival, "duplicate")  # sent again before our PUBREC: it is stored already
            return
        message_id = arrival.id or self._new_id()
        if needs_release:
            self._seen.hold(arrival, message_id)
        original = self._seen.original_of(arrival, message_id)
        if original is not None:
            self._count(arrival, "duplicate")
            self._store(message_draft(arrival, message_id, duplicate_of=original))
            return
        if arrival.kind is ArrivalKind.GAP:
            self._count(arrival, "stored")
            self._store(message_draft(arrival, message_id))
            return
        self._process(arrival, message_id)

    def _process(self, arrival: Arrival, message_id: UUID) -> None:
        if self.snapshot.discovery and arrival.topic and self._is_discovery(arrival):
            self._count(arrival, "stored")
            self._store(message_draft(arrival, message_id))  # our own words: neither read nor ruled
            return
        if is_last_of_answer(arrival):
            reply = draft_reply(arrival, message_id, brokers=self.snapshot.brokers, new_id=self._new_id)
            add_delivery(self.batch, reply)
        topics = [self.snapshot.topics[name] for name in arrival.topics if name in self.snapshot.topics]
        try:
            taken = self._decode(arrival, topics)
        except DecodeFault as fault:
            self._refuse(arrival, message_id, str(fault))
            return
        except Exception as error:  # a codec's own mistake must not cost other messages
            logger.exception("decoding failed", extra={"link": arrival.link})
            self._refuse(arrival, message_id, f"the decoder itself failed: {type(error).__name__}: {error}")
            return
        self._count(arrival, "stored")
        name, results, topic = taken
        first = results[0] if results else None
        message = self._store(message_draft(arrival, message_id, topic_name=name, decoded=first, topic=topic))
        via, asked = self._via(arrival), asked_by(arrival)
        for decoded in results:
            rules = self._rules_for(arrival, topics, decoded.device or message.device)
            self._take(
                message, decoded, rules, topic_levels=arrival.topic, via=via, asked=asked, is_retained=arrival.retain
            )

    def _decode(self, arrival: Arrival, topics: Sequence[InTopic]) -> tuple[str, Sequence[Decoded], InTopic | None]:
        if arrival.device and (fault := arrival.properties.get(FAULT)):
            raise DecodeFault(fault)
        if len(arrival.payload) > MAX_PAYLOAD_BYTES:
            raise DecodeFault(f"{len(arrival.payload):,} bytes are more than the limit of {MAX_PAYLOAD_BYTES:,}")
        if arrival.device and (driver := self.snapshot.drivers.get(arrival.device)):
            return "", (driver.decode(arrival.payload),), None
        if arrival.link == PACKETS and self.snapshot.packets:
            return "", self._decode_by(self.snapshot.packets, PACKETS, arrival), None
        if topics:
            return topics[0].name, self._decode_by(topics[0].codec, topics[0].name, arrival), topics[0]
        return "", (), None

    def _decode_by(self, codec: Codec, name: str, arrival: Arrival) -> Sequence[Decoded]:
        incoming = Incoming(arrival.payload, arrival.received_at, arrival.topic)
        if not codec.is_stateful:
            return codec.decode(None, incoming)[1]
        state, results = codec.decode(self._seen.codec_state(name), incoming)
        self._seen.remember_codec(name, state)
        return results

    def _take(
        self,
        message: MessageDraft,
        decoded: Decoded,
        rules: Sequence[ActiveRule],
        *,
        topic_levels: str,
        via: str = "",
        asked: Mapping[str, str] = NOBODY,
        is_retained: bool = False,
    ) -> None:
        device = decoded.device or message.device
        for reading in reading_drafts(message, decoded, device, new_id=self._new_id):
            self.batch.readings.append(reading)
            self.batch.latest[reading.device, reading.metric] = reading
        if decoded.readings and device in self.snapshot.discovered:
            self._tell(message, decoded, device)
        if not rules:
            return
        variables = Variables(
            payload=decoded.value,
            readings={reading.metric: reading.value for reading in decoded.readings},
            device=device,
            topic=decoded.topic or topic_levels,
            source=message.source,
            time=moment(decoded, message.received_at),
        )
        for active in rules:
            self._apply(
                active, variables, message, is_joined=decoded.is_joined, via=via, asked=asked, is_retained=is_retained
            )

    # Rules

    def _apply(
        self,
        active: ActiveRule,
        variables: Variables,
        message: MessageDraft,
        *,
        is_joined: bool,
        via: str,
        asked: Mapping[str, str],
        is_retained: bool,
    ) -> None:
        name = active.rule.name
        if via and str(active.number) in via.split("."):
            self.batch.rule_counts[name, "looped"] += 1
            return
        try:
            if active.every_s is not None:
                self._collect(active, variables, message, via=via, is_retained=is_retained)
                return
            result = active.rule.apply(variables)
            self.batch.rule_counts[name, _outcome(result.matched, result.is_missing)] += 1
            if not result.matched:
                return
            output = variables.payload if result.output is None and is_joined else result.output
            payload = message.payload if output is None else dumped(output)
        except EvaluationFault as fault:
            self._fail(active, message, str(fault))
            return
        except Exception as error:  # a rule's mistake must not cost other rules or messages
            logger.exception("a rule failed", extra={"rule": name})
            self._fail(active, message, f"{type(error).__name__}: {error}")
            return
        marks = f"{via}.{active.number}" if via else str(active.number)
        origin = Origin(message.id, message.source, active.rule, marks, asked, is_retained)
        for action in active.actions:
            draft = draft_delivery(action, payload, variables, origin=origin, new_id=self._new_id)
            if draft is not None:
                add_delivery(self.batch, draft)

    def _collect(
        self, active: ActiveRule, variables: Variables, message: MessageDraft, *, via: str, is_retained: bool
    ) -> None:
        """Let the message wait for its batch. A retained one is the last of earlier ones, and was in a batch then."""
        if is_retained:
            return
        if not active.rule.judges_batches:
            result = active.rule.decide(variables)
            if not result.matched:
                self.batch.rule_counts[active.rule.name, _outcome(result.matched, result.is_missing)] += 1
                return
        add_delivery(self.batch, draft_part(active, variables, message_id=message.id, via=via, new_id=self._new_id))

    def _fail(self, active: ActiveRule, message: MessageDraft, reason: str) -> None:
        reason = storable(reason)
        self.batch.rule_counts[active.rule.name, "failed"] += 1
        self.batch.rule_errors[active.rule.name] = reason
        self._dead_letter(message, reason, stage="rule", rule=active)

    def _rules_for(self, arrival: Arrival, topics: Sequence[InTopic], device: str) -> Sequence[ActiveRule]:
        snapshot = self.snapshot
        found: list[ActiveRule] = []
        for topic in topics:
            found += snapshot.rules_by_topic.get(topic.name, ())
        if arrival.link == PACKETS:
            found += snapshot.rules_by_packets
        if device and snapshot.rules_by_device:
            found += snapshot.rules_by_device.get(device, ())
        return found if len(found) < 2 else list({rule.number: rule for rule in found}.values())

    def _via(self, arrival: Arrival) -> str:
        """The rules that brought this arrival about, if the hub itself published it."""
        if arrival.properties.get(MARK_HUB) == self.snapshot.instance:
            return arrival.properties.get(MARK_VIA, "")
        return self.memory.echo(Echo(arrival.link, arrival.topic, arrival.payload), self.batch.at) or ""

    # Home Assistant

    def _is_discovery(self, arrival: Arrival) -> bool:
        """Whether it is what discovery published; a start of Home Assistant is noted by the way."""
        discovery = self.snapshot.discovery
        names = discovery.get(arrival.link)
        if names is not None and is_birth(names, arrival.topic, arrival.payload):
            self._births[birth_name(arrival.link)] = noted(arrival.received_at)
        return is_own(discovery.values(), arrival.topic, self._via(arrival))

    def _tell(self, message: MessageDraft, decoded: Decoded, device: str) -> None:
        for link, names in self.snapshot.discovery.items():
            draft = state_draft(
                link, names, message=message, device=device, readings=decoded.readings, new_id=self._new_id
            )
            add_delivery(self.batch, draft)

    # Rows

    def _store(self, message: MessageDraft) -> MessageDraft:
        self.batch.last_message_at[message.source] = message.received_at
        self.batch.messages.append(message)
        return message

    def _refuse(self, arrival: Arrival, message_id: UUID, reason: str) -> None:
        self._count(arrival, "dead")
        message = self._store(message_draft(arrival, message_id, fault=reason))
        self._dead_letter(message, message.fault, stage="decode")

    def _dead_letter(self, message: MessageDraft, reason: str, *, stage: str, rule: ActiveRule | None = None) -> None:
        letter = dead_letter_draft(message, reason, stage=stage, rule=rule, new_id=self._new_id)
        self.batch.dead_letters.append(letter)

    # Counting

    def _count_received(self, arrival: Arrival) -> None:
        if number := self._seen.received(arrival):
            self._count(arrival, "received", number)

    def _count(self, arrival: Arrival, column: str, number: int = 1) -> None:
        if arrival.received_at is not self._received_at:  # what came in one read shares it
            self._received_at, self._hour = arrival.received_at, hour_of(arrival.received_at)
        self.batch.ledger[LedgerKey(arrival.link, self._hour, column)] += number


def _outcome(is_match: bool, is_missing: bool) -> str:
    return "matched" if is_match else "missing" if is_missing else "unmatched"


def marks_of(instance: str, delivery_id: UUID, properties: Mapping[str, str]) -> dict[str, str]:
    """The MQTT 5 user properties of a publication: its stable id, this hub, and the rules it came through."""
    return {"id": str(delivery_id), MARK_HUB: instance, **properties}
