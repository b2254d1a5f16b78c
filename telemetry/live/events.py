"""The events of the live protocol (docs/live-protocol.md), built from plain values.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from telemetry.delivery_texts import delivery_text
from telemetry.payload_text import readable

Event: TypeAlias = dict[str, Any]


class ReadingLike(Protocol):
    """A reading, whether a value, a draft or a row."""

    @property
    def metric(self) -> str: ...
    @property
    def value(self) -> float: ...
    @property
    def unit(self) -> str: ...


def message_event(  # noqa: PLR0913 # the fields of the protocol
    id: UUID,
    at: datetime,
    *,
    source: str,
    payload: bytes | memoryview,
    topic: str = "",
    device: str = "",
    readings: Iterable[ReadingLike] = (),
    duplicate_of: UUID | None = None,
    fault: str = "",
    kind: str = "message",
    size: int | None = None,
) -> Event:
    """One thing that arrived. Give the `size` if `payload` is only its first `HEAD_BYTES`."""
    text, is_binary = readable(payload)
    return {
        "kind": "message",
        "id": str(id),
        "at": instant(at),
        "source": source,
        "topic": topic,
        "device": device,
        "text": text,
        "is_binary": is_binary,
        "size": len(payload) if size is None else size,
        "readings": [{"metric": r.metric, "value": r.value, "unit": r.unit} for r in readings],
        "duplicate_of": duplicate_of and str(duplicate_of),
        "fault": fault,
        "message_kind": str(kind),
    }


def link_event(  # the fields of the protocol
    key: str,
    state: str,
    *,
    detail: str = "",
    warning: str = "",
    since: datetime | None = None,
    last_message_at: datetime | None = None,
) -> Event:
    """The state of one link."""
    return {
        "kind": "link",
        "key": key,
        "state": str(state),
        "detail": detail,
        "warning": warning,
        "since": since and instant(since),
        "last_message_at": last_message_at and instant(last_message_at),
    }


def delivery_event(  # noqa: PLR0913 # the fields of the protocol
    id: UUID,
    at: datetime,
    *,
    target: str,
    state: str,
    payload: bytes | memoryview,
    message: UUID | None = None,
    rule: str = "",
    address: str = "",
    reason: str = "",
) -> Event:
    """One Delivery and where it stands. `at` is when it was created."""
    text, is_binary = delivery_text(target, payload)
    return {
        "kind": "delivery",
        "id": str(id),
        "at": instant(at),
        "message": message and str(message),
        "rule": rule,
        "target": target,
        "address": address,
        "state": str(state),
        "reason": reason,
        "text": text,
        "is_binary": is_binary,
    }


def alert_event(  # the fields of the protocol
    id: int,
    *,
    rule: str,
    subject: str,
    severity: str,
    state: str,
    detail: str,
    opened_at: datetime,
    acknowledged_by: str = "",
) -> Event:
    """An alert that people were told of, and where it stands: open, acknowledged or cleared."""
    return {
        "kind": "alert",
        "id": id,
        "rule": rule,
        "subject": subject,
        "severity": str(severity),
        "state": str(state),
        "detail": detail,
        "opened_at": instant(opened_at),
        "acknowledged_by": acknowledged_by,
    }


def config_event(version: int) -> Event:
    """The configuration changed."""
    return {"kind": "config", "version": version}


def instant(at: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, e.g. 2026-01-31T23:59:59.999Z."""
    at = at if at.tzinfo is UTC else at.astimezone(UTC)
    return at.isoformat(timespec="milliseconds")[:-6] + "Z"
