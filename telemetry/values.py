"""The plain values that every part of the hub shares: what arrived, what was decoded, what goes out.

Pure: no Django, no clock, no I/O. Times are aware UTC datetimes, payloads are bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias
from uuid import UUID

PACKETS = "packets"
"""The source of what comes in by REST, as other sources are `broker:NAME` and `device:NAME`."""

Json: TypeAlias = Any
"""Anything that JSON can say: None, bool, int, float, str, list or dict of these."""


class DecodeFault(ValueError):
    """A payload or frame is not what its codec or driver expects. The text names the fault and its place."""


class ArrivalKind(StrEnum):
    """What a link hands in. Only `message` and `gap` become rows of history."""

    MESSAGE = "message"
    RELEASE = "release"  # an MQTT PUBREL: the broker has seen our PUBREC
    GAP = "gap"  # a serial port was (re)opened: what was sent meanwhile is unknown


@dataclass(frozen=True, slots=True)
class Reading:
    """One number taken out of a message. `unit` is '' when nobody said it; it is never assumed."""

    metric: str
    value: float
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a codec or driver made of one payload.

    `value` is JSON-like and is what rules see as `payload`. `device` is the name found inside the
    payload ('' when it names none), `time` the device's own time (None when it gave none).
    `topic_device` is a name that only the topic suggests: a Device bound to the Topic goes before it.
    `is_clock_wrong` says whether the time of receipt must stand for `time`; None when the codec does not judge.
    `is_joined`: several payloads together say it, so a rule passes the value on and not the bytes of the last one.
    `topic` is the MQTT topic of what a codec held back; '' for that of the payload at hand.
    """

    value: Json
    readings: tuple[Reading, ...] = ()
    device: str = ""
    time: datetime | None = None
    topic_device: str = ""
    is_clock_wrong: bool | None = None
    is_joined: bool = False
    topic: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One thing that a link (or the web intake) took off the wire, before anything was decided about it."""

    link: str  # 'broker:plant', 'device:scale', 'packets'
    payload: bytes
    received_at: datetime
    sequence: int  # the parser's own count for this link's life, from 1; the ledger's `received`
    id: UUID | None = None  # given by whoever had to name it before the commit (web intake, spool)
    kind: ArrivalKind = ArrivalKind.MESSAGE
    topic: str = ""  # the MQTT topic it came on
    topics: tuple[str, ...] = ()  # names of the in-Topics that matched, most specific first
    device: str = ""  # the Device at the end of a serial link
    qos: int = 0
    retain: bool = False
    dup: bool = False
    packet_id: int = 0
    connection: int = 0  # which connection of this link's life it came on, from 1
    is_resumed: bool = False  # that connection resumed a stored session that the host has heard of
    properties: Mapping[str, str] = field(default_factory=dict)  # MQTT 5 user properties, response topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One Delivery in the hands of the link that carries it out."""

    id: UUID
    payload: bytes
    address: str = ""  # the MQTT topic; '' for a serial write
    qos: int = 0
    retain: bool = False
    expires_at: datetime | None = None
    properties: Mapping[str, str] = field(default_factory=dict)  # sent as MQTT 5 user properties


class Verdict(StrEnum):
    """How a link answers for one Outgoing."""

    DELIVERED = "delivered"
    REFUSED = "refused"  # an error of the message: it becomes a dead letter at once
    RETURNED = "returned"  # an error of the target: it waits and is tried again
    UNKNOWN = "unknown"  # a write was cut short: nobody knows what the device got


@dataclass(frozen=True, slots=True)
class Outcome:
    """A link's answer for one Outgoing. `is_abnormal` marks a return by an abnormal disconnect."""

    id: UUID
    verdict: Verdict
    reason: str = ""
    is_abnormal: bool = False


def storable(text: str, limit: int = 2000) -> str:
    """Text that every database takes: no NUL, no lone surrogates, at most `limit` characters."""
    return text[:limit].encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
