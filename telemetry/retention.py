"""Drops old history: whole months, and never one in which a Delivery waits or is dead. The ledger stays.

On PostgreSQL a month of messages and readings is a partition, dropped at once; all else goes in small pieces, so that
nobody waits for it. Whatever interrupts it, the next run goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Max

from telemetry.ids import lowest_id, time_of
from telemetry.live.sources import configured_devices
from telemetry.models import (
    Alert,
    CommitMark,
    DeadLetter,
    Delivery,
    IdempotencyKey,
    LatestReading,
    Message,
    StoredReading,
)
from telemetry.partitions import PARTITIONED_TABLES, month_after
from telemetry.processes.environment import forget_gone_processes

log = logging.getLogger(__name__)

KEYS_LIVE = timedelta(days=1)
MARKS_LIVE = timedelta(days=7)
ALERTS_LIVE = timedelta(days=400)
MOST_SEEN_DEVICES = 10_000
_PIECE = 2000
_LOCK_TIMEOUT = "5s"
_OPEN = "state IN ('waiting', 'sending')"  # literal, so that SQLite finds its partial indexes
_FAILED = "state IN ('dead', 'unknown')"


@dataclass(frozen=True, slots=True)
class Month:
    """What becomes of one month of history: `kept` says why it stays, '' if it goes."""

    start: datetime
    kept: str = ""

    @property
    def bounds(self) -> tuple[UUID, UUID]:
        """The ids of the month: from the first to below the second."""
        return lowest_id(self.start), lowest_id(month_after(self.start))

    def __str__(self) -> str:
        return f"{self.start:%Y-%m}" + (f" stays: {self.kept}" if self.kept else "")


def apply_retention(days: int | None, *, now: datetime, is_dry: bool = False) -> list[Month]:
    """Drop the months that ended more than `days` ago; answers what became of each. None keeps everything."""
    months = list(_old_months(now - timedelta(days=days))) if days else []
    for month in months:
        if is_dry:
            continue
        if month.kept:
            log.warning("a month of history stays", extra={"month": f"{month.start:%Y-%m}", "reason": month.kept})
            continue
        _drop(month)
        log.info("dropped a month of history", extra={"month": f"{month.start:%Y-%m}"})
    return months


def tidy(now: datetime) -> dict[str, int]:
    """Take away what only mattered for a while; answers how many rows of each kind."""
    return {
        "idempotency keys": IdempotencyKey.objects.filter(created_at__lt=now - KEYS_LIVE).delete()[0],
        "commit marks": CommitMark.objects.filter(at__lt=now - MARKS_LIVE).delete()[0],
        "alerts": Alert.objects.filter(cleared_at__lt=now - ALERTS_LIVE).delete()[0],
        "processes": forget_gone_processes(),
        "readings of seen devices": _bound_seen_devices(),
    }


def _old_months(before: datetime) -> Iterator[Month]:
    """The months that ended before this and hold anything. A hub whose clock once said 1970 costs nothing."""
    start = _first_month(None)
    while start is not None and month_after(start) <= before:
        yield Month(start, _reason_to_keep(Month(start)))
        start = _first_month(lowest_id(month_after(start)))


def _first_month(low: UUID | None) -> datetime | None:
    """The month of the oldest row from this id on."""
    oldest: list[UUID] = []
    models: Sequence[Any] = (Message, StoredReading, Delivery, DeadLetter)
    for model in models:
        rows = model.objects.order_by("id") if low is None else model.objects.filter(id__gte=low).order_by("id")
        oldest += rows.values_list("id", flat=True)[:1]
    if not oldest:
        return None
    return time_of(min(oldest)).astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _reason_to_keep(month: Month) -> str:
    """Deliveries of the month, or of a message of it, that somebody may still want."""
    bounds = [_db_id(bound) for bound in month.bounds]
    for states, words in ((_OPEN, "wait"), (_FAILED, "are dead or unknown")):
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT count(*) FROM telemetry_delivery WHERE {states}"
                " AND ((id >= %s AND id < %s) OR (message_id >= %s AND message_id < %s))",
                [*bounds, *bounds],
            )
            count = cursor.fetchone()[0]
        if count:
            return f"{count:,} of its deliveries {words}"
    return ""


def _drop(month: Month) -> None:
    _delete("telemetry_deadletter", month)
    _delete("telemetry_delivery", month, f" AND NOT ({_OPEN}) AND NOT ({_FAILED})")
    for table in reversed(PARTITIONED_TABLES):
        if connection.vendor == "postgresql":
            _drop_partition(f"{table}_{month.start:%Y_%m}")
            _delete(f"{table}_rest", month)
        else:
            _delete(table, month)


def _drop_partition(name: str) -> None:
    """It waits for readers only shortly, because everybody else would wait behind it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
        cursor.execute(f"DROP TABLE IF EXISTS {name}")


def _delete(table: str, month: Month, condition: str = "") -> None:
    """In pieces, each a transaction of its own: others write in between."""
    bounds = [_db_id(bound) for bound in month.bounds]
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {table} WHERE id IN"
                f" (SELECT id FROM {table} WHERE id >= %s AND id < %s{condition} ORDER BY id LIMIT {_PIECE})",
                bounds,
            )
            if cursor.rowcount < _PIECE:
                return


def _bound_seen_devices() -> int:
    """Names that nobody adopted are remembered up to a number: whoever invents names must not fill the table."""
    known = {device.name for device in configured_devices()}
    found = LatestReading.objects.values_list("device").annotate(at=Max("time"), count=Count("id")).order_by("-at")
    surplus = [name for name, *_ in found if name not in known][MOST_SEEN_DEVICES:]
    return sum(
        LatestReading.objects.filter(device__in=surplus[start : start + 500]).delete()[0]
        for start in range(0, len(surplus), 500)
    )


def _db_id(value: UUID) -> Any:
    return value if connection.features.has_native_uuid_field else value.hex
