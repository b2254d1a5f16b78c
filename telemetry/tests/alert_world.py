"""A world that a test makes up, for the kinds of alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from telemetry.alerts.base import CertificateFact, DeviceFact, DiskFact, LinkFact, QueueFact, ValueFact

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def before(seconds: float) -> datetime:
    """So long before the test's present."""
    return NOW - timedelta(seconds=seconds)


@dataclass
class MadeUpWorld:
    """Implements `telemetry.alerts.base.World`."""

    now: datetime = NOW
    watched_since: datetime = NOW - timedelta(days=30)
    links: Sequence[LinkFact] = ()
    devices: Sequence[DeviceFact] = ()
    values: Sequence[ValueFact] = ()
    queues: Sequence[QueueFact] = ()
    disks: Sequence[DiskFact] = ()
    certificates: Sequence[CertificateFact] = ()
    all_errors: Mapping[str, int] = field(default_factory=dict)
    asked_s: float = 0.0

    def errors(self, within_s: float) -> Mapping[str, int]:
        """Those of any time."""
        self.asked_s = within_s
        return self.all_errors
