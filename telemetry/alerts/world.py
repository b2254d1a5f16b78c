"""How the hub is now, read from the database: each fact once for all rules, and only if a rule asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from statistics import median
from typing import Any
from uuid import UUID

from django.db import connection

from telemetry.alerts.base import CertificateFact, DeviceFact, DiskFact, LinkFact, QueueFact, ValueFact
from telemetry.alerts.certificates import certificates_in_use
from telemetry.ids import lowest_id, time_of
from telemetry.live.configured_links import link_states
from telemetry.live.sources import configured_devices
from telemetry.models import DeadLetter, LatestReading, StoredReading
from telemetry.processes.environment import present_processes

HABIT_LIVES = timedelta(minutes=10)
_UNKNOWN_LIVES = timedelta(seconds=30)
"""A device that was just adopted says enough before long."""
_HABIT_READINGS = 21
_FEWEST_INTERVALS = 5
_MOST_VALUES = 20_000


@dataclass(slots=True)
class Habits:
    """How often each device usually speaks: worked out anew every ten minutes, and twice a minute until it is known."""

    _known: dict[str, tuple[datetime, float | None]] = field(default_factory=dict)

    def usual_s(self, device: str, metric: str, now: datetime) -> float | None:
        """The median time between the latest readings of a metric; None before there are enough."""
        known = self._known.get(device)
        lives = HABIT_LIVES if known and known[1] is not None else _UNKNOWN_LIVES
        if known is None or not now - lives < known[0] <= now:
            known = self._known[device] = (now, _median_interval_s(device, metric))
        return known[1]


def _median_interval_s(device: str, metric: str) -> float | None:
    rows = StoredReading.objects.filter(device=device, metric=metric).order_by("-id")
    times = [time_of(found) for found in rows.values_list("id", flat=True)[:_HABIT_READINGS]]
    intervals = [(later - earlier).total_seconds() for later, earlier in pairwise(times)]
    return max(median(intervals), 0.001) if len(intervals) >= _FEWEST_INTERVALS else None


@dataclass(frozen=True)
class StoredWorld:
    """Implements `telemetry.alerts.base.World`. One instance serves one look."""

    now: datetime
    watched_since: datetime
    habits: Habits

    @cached_property
    def links(self) -> Sequence[LinkFact]:
        return [LinkFact(link.key, event["state"], event["detail"]) for link, event in link_states() if link.is_enabled]

    @cached_property
    def devices(self) -> Sequence[DeviceFact]:
        newest: dict[str, tuple[UUID, str]] = {}
        for device, metric, message in self._latest.values_list("device", "metric", "message_id"):
            newest[device] = max(newest.get(device, (message, metric)), (message, metric))
        return [
            DeviceFact(device.name, time_of(message), self.habits.usual_s(device.name, metric, self.now))
            for device in configured_devices()
            for message, metric in [newest[device.name]] * (device.name in newest)
        ]

    @cached_property
    def values(self) -> Sequence[ValueFact]:
        rows = self._latest.values_list("device", "metric", "value", "unit")
        return [ValueFact(*row) for row in rows[:_MOST_VALUES]]

    @cached_property
    def queues(self) -> Sequence[QueueFact]:
        """Literal states, so that SQLite finds its partial index. Ids carry their time."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT target, count(*), min(created_at) FROM telemetry_delivery"
                " WHERE state IN ('waiting', 'sending') GROUP BY target"
            )
            rows = cursor.fetchall()
        return [QueueFact(target, waiting, _aware(oldest)) for target, waiting, oldest in rows]

    @cached_property
    def disks(self) -> Sequence[DiskFact]:
        rows = present_processes().values_list("host", "disk_free_bytes", "disk_total_bytes")
        return list({host: DiskFact(host, free, total) for host, free, total in rows}.values())

    @cached_property
    def certificates(self) -> Sequence[CertificateFact]:
        return certificates_in_use(self.now)

    def errors(self, within_s: float) -> Mapping[str, int]:
        since = lowest_id(self.now - timedelta(seconds=within_s))
        found = Counter(DeadLetter.objects.filter(id__gte=since).values_list("source", flat=True))
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT target, count(*) FROM telemetry_delivery"
                " WHERE state IN ('dead', 'unknown') AND state = 'dead' AND id >= %s GROUP BY target",
                [since if connection.features.has_native_uuid_field else since.hex],
            )
            found.update(dict(cursor.fetchall()))
        return found

    @property
    def _latest(self) -> Any:
        return LatestReading.objects.order_by("device", "metric")


def _aware(value: Any) -> datetime | None:
    """As Django reads a time: SQLite keeps it as text."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.replace(tzinfo=value.tzinfo or UTC) if value else None
