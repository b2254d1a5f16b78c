"""What one transaction records, as plain rows. Pure: filled by the pipeline, written by a recorder."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from telemetry.links import LinkReport
from telemetry.values import Outcome


class MessageDraft(NamedTuple):
    """A row of `telemetry_message`, in the order of its columns as recorders write them."""

    id: UUID
    received_at: datetime
    source: str
    kind: str
    topic: str
    topic_name: str
    device: str
    device_time: datetime | None
    payload: bytes
    decoded: str | None  # JSON text
    qos: int
    is_retained: bool
    packet_id: int
    duplicate_of: UUID | None
    fault: str
    answers: UUID | None = None  # the Delivery that this is a device's answer to


class ReadingDraft(NamedTuple):
    """A row of `telemetry_storedreading`."""

    id: UUID
    message_id: UUID
    device: str
    metric: str
    value: float
    unit: str
    time: datetime


class DeliveryDraft(NamedTuple):
    """A row of `telemetry_delivery`."""

    id: UUID
    created_at: datetime
    message_id: UUID | None
    source: str
    rule: str
    rule_version: int
    kind: str
    target: str
    topic_name: str
    address: str
    payload: bytes
    qos: int
    is_retained: bool
    properties: str  # JSON text
    state: str
    disconnects: int
    expires_at: datetime | None
    done_at: datetime | None
    reason: str


class DeadLetterDraft(NamedTuple):
    """A row of `telemetry_deadletter`."""

    id: UUID
    created_at: datetime
    message_id: UUID | None
    source: str
    topic: str
    stage: str
    rule: str
    rule_version: int
    reason: str
    payload: bytes


class IdempotencyDraft(NamedTuple):
    """A row of `telemetry_idempotencykey`."""

    owner: str
    key: str
    digest: str
    answer: str  # JSON text
    created_at: datetime


class LedgerKey(NamedTuple):
    """One counter of the ledger."""

    link: str
    hour: datetime
    column: str


@dataclass(slots=True)
class Batch:
    """Everything that one transaction writes."""

    at: datetime
    messages: list[MessageDraft] = field(default_factory=list)
    readings: list[ReadingDraft] = field(default_factory=list)
    latest: dict[tuple[str, str], ReadingDraft] = field(default_factory=dict)
    deliveries: list[DeliveryDraft] = field(default_factory=list)
    dead_letters: list[DeadLetterDraft] = field(default_factory=list)
    unreleased: list[tuple[str, int, UUID]] = field(default_factory=list)  # link, packet id, message
    releases: list[tuple[str, int]] = field(default_factory=list)
    codec_states: dict[str, bytes] = field(default_factory=dict)
    ledger: Counter[LedgerKey] = field(default_factory=Counter)
    rule_counts: Counter[tuple[str, str]] = field(default_factory=Counter)  # rule, column
    rule_errors: dict[str, str] = field(default_factory=dict)
    outcomes: list[Outcome] = field(default_factory=list)
    reports: list[LinkReport] = field(default_factory=list)
    last_message_at: dict[str, datetime] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)  # fencing tokens of the links that took part
    idempotency: list[IdempotencyDraft] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write (a clock alone writes nothing)."""
        return not (
            self.messages
            or self.deliveries
            or self.dead_letters
            or self.releases
            or self.unreleased
            or self.ledger
            or self.rule_counts
            or self.outcomes
            or self.reports
            or self.last_message_at
            or self.codec_states
        )


def hour_of(at: datetime) -> datetime:
    """The hour that a ledger entry of `at` is booked to."""
    return at.replace(minute=0, second=0, microsecond=0)
