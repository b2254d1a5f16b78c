"""The rows that a decision is written down as. Pure: everything that they hold is handed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import orjson

from bridges.pipeline.snapshot import ActiveRule, InTopic
from devices.answers import ANSWERS
from telemetry.recording.batch import DeadLetterDraft, MessageDraft, ReadingDraft
from telemetry.values import Arrival, Decoded, Json, storable

MAX_DECODED_TEXT = 32_768
_IMPLAUSIBLE = timedelta(days=1)


def message_draft(
    arrival: Arrival,
    message_id: UUID,
    *,
    topic_name: str = "",
    decoded: Decoded | None = None,
    topic: InTopic | None = None,
    duplicate_of: UUID | None = None,
    fault: str = "",
) -> MessageDraft:
    """The row of history of one arrival. `decoded` is the first thing that it said, if it said anything."""
    device = (decoded.device if decoded else "") or arrival.device or (topic.device if topic else "")
    if decoded and not device:
        device = storable(decoded.topic_device, 200)
    if arrival.topics and not topic_name:
        topic_name = arrival.topics[0]
    return MessageDraft(  # in the order of its fields: by name it costs three times as much
        message_id,
        arrival.received_at,
        arrival.link,
        arrival.kind.value,
        arrival.topic,
        topic_name,
        device,
        decoded.time if decoded else None,
        arrival.payload,
        _searchable(decoded) if decoded and (topic is None or topic.is_searchable) else None,
        arrival.qos,
        arrival.retain,
        arrival.packet_id,
        duplicate_of,
        storable(fault) if fault else "",
        UUID(arrival.properties[ANSWERS]) if arrival.device and ANSWERS in arrival.properties else None,
    )


def reading_drafts(
    message: MessageDraft, decoded: Decoded, device: str, *, new_id: Callable[[], UUID]
) -> list[ReadingDraft]:
    """The readings of one message, under its device's name or, without one, under its Topic's."""
    owner = device or message.topic_name
    if not owner:
        return []
    time = moment(decoded, message.received_at)
    return [
        ReadingDraft(new_id(), message.id, owner, reading.metric, reading.value, reading.unit, time)
        for reading in decoded.readings
    ]


def dead_letter_draft(
    message: MessageDraft, reason: str, *, stage: str, new_id: Callable[[], UUID], rule: ActiveRule | None = None
) -> DeadLetterDraft:
    """A stored message that a codec or a rule could not process. The message has the bytes."""
    return DeadLetterDraft(
        id=new_id(),
        created_at=message.received_at,
        message_id=message.id,
        source=message.source,
        topic=message.topic,
        stage=stage,
        rule=rule.rule.name if rule else "",
        rule_version=rule.rule.version if rule else 0,
        reason=reason,
        payload=b"",
    )


def buried_draft(arrival: Arrival, reason: str, *, new_id: Callable[[], UUID]) -> DeadLetterDraft:
    """An arrival that the database does not take as a message: its bytes, and why.

    Under the arrival's own id if it has one: whoever hands it in again can find it.
    """
    return DeadLetterDraft(
        id=arrival.id or new_id(),
        created_at=arrival.received_at,
        message_id=None,
        source=storable(arrival.link),
        topic=storable(arrival.topic),
        stage="record",
        rule="",
        rule_version=0,
        reason=storable(reason),
        payload=arrival.payload,
    )


def moment(decoded: Decoded, received_at: datetime) -> datetime:
    """The device's own time, unless its clock is wrong."""
    time = decoded.time
    if time is None:
        return received_at
    is_wrong = decoded.is_clock_wrong
    if is_wrong is None:
        is_wrong = abs(time - received_at) >= _IMPLAUSIBLE
    return received_at if is_wrong else time


def dumped(output: Json) -> bytes:
    """What a value looks like on its way out or in history."""
    return orjson.dumps(output, option=orjson.OPT_NON_STR_KEYS)


def _searchable(decoded: Decoded) -> str | None:
    """JSON text for search; None for what is too large or what PostgreSQL's jsonb refuses (NUL)."""
    if not isinstance(decoded.value, (dict, list)):
        return None
    try:
        text = orjson.dumps(decoded.value).decode()
    except TypeError:  # a lone surrogate, or an integer beyond 64 bits
        return None
    return None if len(text) > MAX_DECODED_TEXT or "\\u0000" in text else text
