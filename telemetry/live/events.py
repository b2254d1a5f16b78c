"""The events of the live protocol (docs/live-protocol.md), built from plain values.

Pure. Payloads are cut before they are decoded, so that a large one costs no more than a small one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Protocol, TypeAlias
from uuid import UUID

Event: TypeAlias = dict[str, Any]

TEXT_LIMIT = 2000
_LONGEST_CHARACTER = 4  # bytes, in UTF-8
HEAD_BYTES = TEXT_LIMIT * _LONGEST_CHARACTER + 1
"""So much of a payload is enough for its text; the last byte tells that there is more."""
_CONTROLS = bytes(set(range(0x20)) - set(b"\t\n\r")) + b"\x7f"


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
    text, is_binary = readable(payload)
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


def readable(payload: bytes | memoryview) -> tuple[str, bool]:
    """The payload as text of at most 2,000 characters, and whether that text is hexadecimal."""
    head = bytes(payload[: HEAD_BYTES - 1])
    text = _decoded(head, is_cut=len(head) < len(payload))
    if text is None or 4 * (len(head) - len(head.translate(None, _CONTROLS))) > len(head):
        return head[: TEXT_LIMIT // 2].hex(), True
    return text[:TEXT_LIMIT], False


def _decoded(head: bytes, *, is_cut: bool) -> str | None:
    try:
        return head.decode()
    except UnicodeDecodeError as fault:
        if is_cut and fault.start > len(head) - _LONGEST_CHARACTER and fault.end == len(head):
            return head[: fault.start].decode()  # the cut went through a character
        return None
