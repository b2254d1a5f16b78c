"""What goes out to Home Assistant with each message of a device, and how what comes back of it is known. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

import orjson

from bridges.discovery.documents import state_payload
from bridges.discovery.names import MARK, Names
from telemetry.ids import time_of
from telemetry.recording.batch import DeliveryDraft, MessageDraft
from telemetry.values import Reading

SOURCE = "discovery"
_PROPERTIES = orjson.dumps({"via": MARK}).decode()


def state_draft(
    link: str,
    names: Names,
    *,
    message: MessageDraft,
    device: str,
    readings: Sequence[Reading],
    new_id: Callable[[], UUID],
) -> DeliveryDraft:
    """The outbox row that takes the readings of a message to Home Assistant. Retained it would look new for ever."""
    return publication(
        link,
        names.state(device),
        state_payload(readings),
        is_retained=False,
        source=message.source,
        new_id=new_id,
        message_id=message.id,
    )


def publication(
    target: str,
    topic: str,
    payload: bytes,
    *,
    is_retained: bool,
    source: str,
    new_id: Callable[[], UUID],
    message_id: UUID | None = None,
) -> DeliveryDraft:
    """An outbox row of discovery, marked as such."""
    delivery_id = new_id()
    return DeliveryDraft(
        id=delivery_id,
        created_at=time_of(delivery_id),
        message_id=message_id,
        source=source,
        rule="",
        rule_version=0,
        kind="publish",
        target=target,
        topic_name="",
        address=topic,
        payload=payload,
        qos=1,
        is_retained=is_retained,
        properties=_PROPERTIES,
        state="waiting",
        disconnects=0,
        expires_at=None,
        done_at=None,
        reason="",
    )


def is_own(names: Iterable[Names], topic: str, via: str) -> bool:
    """Whether discovery itself published this: by its mark, or by its topic, where a broker carries no marks."""
    return MARK in via.split(".") or any(one.owns(topic) for one in names)
