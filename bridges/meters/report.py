"""The energy of a month, register by register, as CSV: first and last counter, their difference, and what is missing.

It invents nothing: where a counter fell or data is missing, the row says so.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from statistics import median
from typing import Final

from bridges.meters.standing import COUNTERS
from bridges.models import Meter, MeterDefaults
from telemetry.ids import lowest_id
from telemetry.models import StoredReading

COLUMNS: Final = (
    "meter", "label", "context", "register", "unit", "first_time", "first", "last_time", "last", "difference",
    "readings", "notes",
)  # fmt: skip
MAX_GAPS_SAID: Final = 20
_MONTH = re.compile(r"\A([0-9]{4})-(0[1-9]|1[0-2])\Z")
_LATE = timedelta(days=1)  # between a reading's own time and the time in its id
_LEAST_GAP = timedelta(minutes=5)
_GAP_FACTOR = 2.5
Point = tuple[datetime, float, str]


@dataclass(frozen=True, slots=True)
class Span:
    """A month in a meter's zone. The reading at the very end belongs to it too: months then join without a loss."""

    start: datetime
    end: datetime
    zone: tzinfo

    @classmethod
    def of(cls, year: int, month: int, zone: tzinfo) -> Span:
        """That month."""
        following = (year + month // 12, month % 12 + 1)
        return cls(datetime(year, month, 1, tzinfo=zone), datetime(*following, 1, tzinfo=zone), zone)

    def said(self, at: datetime) -> str:
        """A time in this zone."""
        return at.astimezone(self.zone).isoformat(timespec="seconds")


def month_named(text: str) -> tuple[int, int]:
    """Year and month; raises ValueError."""
    found = _MONTH.match(text)
    if not found or not 2000 <= int(found[1]) <= 9000:
        raise ValueError("A month is written as 2026-01")
    return int(found[1]), int(found[2])


def csv_report(year: int, month: int, *, now: datetime, meter: str = "") -> str:
    """The whole report, a row for each meter and register."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    defaults = {row.broker_id: row for row in MeterDefaults.objects.all()}
    rows = Meter.objects.filter(name=meter) if meter else Meter.objects.all()
    for row in rows.order_by("name"):
        span = Span.of(year, month, row.wanted(defaults.get(row.broker_id)).zone)
        writer.writerows(_rows(row, span, now))
    return out.getvalue()


def _rows(meter: Meter, span: Span, now: datetime) -> Iterator[Sequence[object]]:
    head = [_plain(meter.name), _plain(meter.label), _plain(meter.context)]
    series = [(metric, points) for metric in COUNTERS if (points := _points(meter.name, metric, span))]
    if not series:
        yield [*head, "", "", "", "", "", "", "", 0, "no data in this month"]
    for metric, points in series:
        (first_at, first, unit), (last_at, last, _) = points[0], points[-1]
        falls = _falls(points, span)
        notes = [*falls, *_missing([at for at, _, _ in points], span, now)]
        difference = "" if falls else f"{last - first:.3f}"
        yield [
            *head, metric, unit, span.said(first_at), f"{first:.3f}", span.said(last_at), f"{last:.3f}", difference,
            len(points), "; ".join(notes),
        ]  # fmt: skip


def _points(meter: str, metric: str, span: Span) -> list[Point]:
    rows = StoredReading.objects.filter(device=meter, metric=metric, time__gte=span.start, time__lte=span.end)
    within = rows.filter(id__gte=lowest_id(span.start - _LATE), id__lt=lowest_id(span.end + _LATE))
    return list(within.order_by("time", "id").values_list("time", "value", "unit"))


def _falls(points: Sequence[Point], span: Span) -> list[str]:
    """Where a counter went back: the meter was changed or reset, and the difference would be wrong."""
    return [
        f"the counter fell from {before:.3f} to {value:.3f} at {span.said(at)}"
        for (_, before, _), (at, value, _) in pairwise(points)
        if value < before
    ][:MAX_GAPS_SAID]


def _missing(times: Sequence[datetime], span: Span, now: datetime) -> list[str]:
    """Where readings are missing, in words. What lies in the future is not missing."""
    end = min(span.end, now)
    steps = [(after - before).total_seconds() for before, after in pairwise(times) if after > before]
    usual = timedelta(seconds=median(steps)) if steps else timedelta(hours=1)
    longest = max(_LEAST_GAP, usual * _GAP_FACTOR)
    edges = [span.start, *times, end]
    gaps = [(a, b) for a, b in pairwise(edges) if b - a > longest]
    said = [f"no data from {span.said(a)} to {span.said(b)}" for a, b in gaps[:MAX_GAPS_SAID]]
    more = [f"and {len(gaps) - MAX_GAPS_SAID} more gaps"] if len(gaps) > MAX_GAPS_SAID else []
    unfinished = ["the month is not over"] if now < span.end else []
    return [*said, *more, *unfinished]


def _plain(text: str) -> str:
    """No spreadsheet takes it for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def months_with_data(metrics: Iterable[str] = COUNTERS) -> list[str]:
    """From the month of the oldest counter to that of the newest, newest first."""
    rows = StoredReading.objects.filter(metric__in=list(metrics))
    oldest, newest = (
        rows.order_by("id").values_list("time", flat=True).first(),
        rows.values_list("time", flat=True).first(),
    )
    if oldest is None or newest is None:
        return []
    first, last = oldest.year * 12 + oldest.month - 1, newest.year * 12 + newest.month - 1
    return [f"{month // 12:04d}-{month % 12 + 1:02d}" for month in range(last, first - 1, -1)][:120]
