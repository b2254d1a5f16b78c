"""What happened: the rows that traffic writes, and the few that guard it."""

from telemetry.models.configuration import ConfigurationVersion, ConfiguredModel, ConfiguredQuerySet
from telemetry.models.counters import LedgerEntry, RuleCount
from telemetry.models.guards import CodecState, CommitMark, IdempotencyKey, Lease, TargetState, UnreleasedPacket
from telemetry.models.history import DeadLetter, LatestReading, Message, StoredReading
from telemetry.models.outbox import Delivery
from telemetry.models.status import LinkStatus

__all__ = [
    "CodecState",
    "CommitMark",
    "ConfigurationVersion",
    "ConfiguredModel",
    "ConfiguredQuerySet",
    "DeadLetter",
    "Delivery",
    "IdempotencyKey",
    "LatestReading",
    "Lease",
    "LedgerEntry",
    "LinkStatus",
    "Message",
    "RuleCount",
    "StoredReading",
    "TargetState",
    "UnreleasedPacket",
]
