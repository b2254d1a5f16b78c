"""Decides about what codecs held back and is overdue: parts of a split message whose rest never came. Records nothing.

Pure, as all decisions. A codec that fails here starts anew; what it held becomes a dead letter.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

import orjson

from bridges.pipeline.decisions import Decider
from bridges.pipeline.rows import dumped, message_draft
from bridges.pipeline.snapshot import ActiveRule, InTopic
from telemetry.recording.batch import Batch, DeadLetterDraft, MessageDraft
from telemetry.values import Arrival, Decoded, storable

logger = logging.getLogger(__name__)


class Flusher(Decider):
    """Turns what is overdue into one Batch and the changes of memory that go with it."""

    flushed_links: frozenset[str] = frozenset()

    def flush(self, names: Iterable[str]) -> Batch:
        """Let the codecs of these Topics give out what is overdue."""
        topics = [self.snapshot.topics[name] for name in names if name in self.snapshot.topics]
        self.flushed_links = frozenset(topic.link for topic in topics)
        arrived = dict(self.batch.last_message_at)  # nothing arrives now
        for topic in topics:
            for decoded in self._overdue(topic):
                message = self._flushed_message(topic, decoded)
                rules = self._rules_of(topic, decoded.device or message.device)
                self._take(message, decoded, rules, topic_levels=decoded.topic)
        self.batch.last_message_at = arrived
        self._seen.keep(self._births)
        return self.batch

    def bury_overdue(self, name: str, reason: str) -> Batch:
        """The database refuses the rows of what is overdue: keep it as dead letters."""
        for topic in [self.snapshot.topics[name]] if name in self.snapshot.topics else ():
            for decoded in self._overdue(topic):
                self._bury_held(topic, dumped(decoded.value), reason)
        self._seen.keep(self._births)
        return self.batch

    def _overdue(self, topic: InTopic) -> Iterable[Decoded]:
        state = self._seen.codec_state(topic.name)
        try:
            following, results = topic.codec.flush(state, self.batch.at)
        except Exception as error:  # a codec's own mistake must not stop the others
            logger.exception("flushing failed", extra={"topic": topic.name})
            self._seen.remember_codec(topic.name, None)
            self._bury_held(topic, orjson.dumps(state), f"the decoder itself failed: {type(error).__name__}: {error}")
            return ()
        self._seen.remember_codec(topic.name, following)
        return results

    def _rules_of(self, topic: InTopic, device: str) -> list[ActiveRule]:
        found = (
            *self.snapshot.rules_by_topic.get(topic.name, ()),
            *self.snapshot.rules_by_device.get(device, ()),
        )
        return list({rule.number: rule for rule in found}.values())

    def _flushed_message(self, topic: InTopic, decoded: Decoded) -> MessageDraft:
        arrival = Arrival(
            link=topic.link or f"topic:{topic.name}",
            payload=dumped(decoded.value),
            received_at=self.batch.at,
            sequence=0,
            topic=decoded.topic,
        )
        draft = message_draft(arrival, self._new_id(), topic_name=topic.name, decoded=decoded, topic=topic)
        return self._store(draft)

    def _bury_held(self, topic: InTopic, payload: bytes, reason: str) -> None:
        self.batch.dead_letters.append(
            DeadLetterDraft(
                id=self._new_id(),
                created_at=self.batch.at,
                message_id=None,
                source=storable(topic.link or f"topic:{topic.name}"),
                topic="",
                stage="record",
                rule="",
                rule_version=0,
                reason=storable(reason),
                payload=payload,
            )
        )
