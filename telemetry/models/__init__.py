"""What happened: the rows that traffic writes, and the few that guard it. Of what people configure only the base of
such rows is here, and the rules of alerts, which watch all that happens.
"""

from telemetry.models.alerts import Alert, AlertRule, Severity
from telemetry.models.configuration import ConfigurationVersion, ConfiguredModel, ConfiguredQuerySet, one_change
from telemetry.models.counters import LedgerEntry, RuleCount
from telemetry.models.guards import CodecState, CommitMark, IdempotencyKey, Lease, TargetState, UnreleasedPacket
from telemetry.models.history import DeadLetter, LatestReading, Message, StoredReading
from telemetry.models.link_status import LinkStatus
from telemetry.models.outbox import Delivery
from telemetry.models.processes import EnvironmentRequest, ProcessStatus

__all__ = [
    "Alert",
    "AlertRule",
    "CodecState",
    "CommitMark",
    "ConfigurationVersion",
    "ConfiguredModel",
    "ConfiguredQuerySet",
    "DeadLetter",
    "Delivery",
    "EnvironmentRequest",
    "IdempotencyKey",
    "LatestReading",
    "Lease",
    "LedgerEntry",
    "LinkStatus",
    "Message",
    "ProcessStatus",
    "RuleCount",
    "Severity",
    "StoredReading",
    "TargetState",
    "UnreleasedPacket",
    "one_change",
]
