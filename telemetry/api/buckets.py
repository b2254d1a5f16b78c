"""Readings summed up per minute, hour or day: a page of buckets reads only the span that they lie in, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from django.db.models import Avg, Count, DateTimeField, F, Func, Max, Min, Q, QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from telemetry.api.pages import answer
from telemetry.api.queries import bad_parameter, decode_cursor, encode_cursor
from telemetry.api.searches import EXACT_TO, Search, bounded_count, estimate, remembered
from telemetry.api.time_limits import go_on, limited_search
from telemetry.ids import lowest_id, time_of
from telemetry.models import StoredReading

SLACK = timedelta(days=1)
"""How far a device's own time may lie from the time in the reading's id; farther ones are not believed."""
BUCKETS = {"1m": timedelta(minutes=1), "1h": timedelta(hours=1), "1d": timedelta(days=1)}
MOST_COUNTED = 300_000
"""Where there are more readings, their buckets are estimated, not counted."""
Row = dict[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9998, 1, 1, tzinfo=UTC)
_NAMED = {BUCKETS["1m"]: 16, BUCKETS["1h"]: 13, BUCKETS["1d"]: 10}  # of 'YYYY-MM-DD HH:MM', as SQLite keeps times


class BucketStart(Func):
    """The start of the bucket that a time falls into."""

    output_field = DateTimeField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Computed from the time."""
        seconds = int(self.extra["width"].total_seconds())
        template = f"date_bin('{seconds} s', %(expressions)s, TIMESTAMPTZ '1970-01-01 00:00Z')"
        return super().as_sql(compiler, connection, template=template, **context)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """SQLite keeps times as text."""
        length = _NAMED[self.extra["width"]]
        rest = "0000-01-01 00:00:00"[length:]
        template = f"substr(%(expressions)s, 1, {length}) || '{rest}'"
        return super().as_sql(compiler, connection, template=template, **context)


@dataclass(frozen=True, slots=True)
class Place:
    """A bucket: where it starts, and of which series it is. A page goes on after one."""

    start: datetime
    device: str
    metric: str

    @classmethod
    def read(cls, cursor: str) -> Place:
        """The place that a cursor stands for; raises Problem."""
        try:
            seconds, device, metric = orjson.loads(decode_cursor(cursor))
            start = _EPOCH + timedelta(seconds=seconds)
            is_whole = isinstance(device, str) and isinstance(metric, str) and "\x00" not in device + metric
            is_whole = is_whole and start < _LATEST
        except (ValueError, TypeError, OverflowError):
            is_whole = False
        if not is_whole:
            raise bad_parameter("cursor", "This is not a cursor of this list.")
        return cls(start, device, metric)

    def written(self) -> str:
        """The cursor of this place."""
        seconds = int((self.start - _EPOCH).total_seconds())
        return encode_cursor(orjson.dumps([seconds, self.device, self.metric]))

    def following(self, width: timedelta) -> Q:
        """The readings of the buckets that follow."""
        same = Q(time__gte=self.start) & (Q(device__gt=self.device) | Q(device=self.device, metric__gt=self.metric))
        return between(None, self.start + width) & (Q(time__lt=self.start) | same)


def between(start: datetime | None, end: datetime | None) -> Q:
    """A span of times, with wider bounds of the id beside it, because only ids find the right partition."""
    bounds = Q()
    if start is not None:
        bounds &= Q(time__gte=start, id__gte=lowest_id(_less(start)))
    if end is not None:
        bounds &= Q(time__lt=end, id__lt=lowest_id(_more(end)))
    return bounds


def _less(at: datetime) -> datetime:
    return at - SLACK if at > _EPOCH + SLACK else _EPOCH


def _more(at: datetime) -> datetime:
    return at + SLACK if at.year < 9999 else at


def page_of_buckets(request: Request, rows: QuerySet[StoredReading], query: Mapping[str, Any]) -> Response:
    """A page of buckets with min, max, mean and count."""
    width, limit = BUCKETS[query["bucket"]], query["limit"]
    is_one_series = "device" in query and "metric" in query
    with limited_search():
        place = Place.read(query["cursor"]) if "cursor" in query else None
        wanted = rows.filter(place.following(width)) if place else rows
        end = place.start + width if place else query.get("end_time")
        newest = _newest_time(rows) if end is None else None
        last = _end_behind(newest, width) if end is None else _end_of(min(end, _LATEST), width)
        span = Span(last, query.get("start_time") or _earliest(rows), newest)
        found = _newest(wanted, width, span, most=limit + 1, buckets=limit + 1 if is_one_series else _few(width))
        is_all = len(found) <= limit and "cursor" not in query
        count = (len(found), True) if is_all else remembered(request, lambda: _counted(rows, width, found))
    page = found[:limit]
    cursor = _place(page[-1]).written() if len(found) > limit else None
    return answer(request, [_shape(row) for row in page], count=count, cursor=cursor)


@dataclass(frozen=True, slots=True)
class Span:
    """The times that may have readings: before `end`, which is that of a bucket, and from `start` on.

    Hardly a reading lies behind `newest`, if that is known.
    """

    end: datetime | None
    start: datetime | None
    newest: datetime | None = None


def _newest(rows: QuerySet[StoredReading], width: timedelta, span: Span, *, most: int, buckets: int) -> list[Row]:
    """So many of the newest buckets, read in parts that grow until they hold enough. The first has so many buckets."""
    found: list[Row] = []
    high, newest = span.end, span.newest
    while high is not None and span.start is not None and high > span.start:
        low = max(min(high, newest or high) - buckets * width, _EPOCH)
        low = _start_of(low, width)
        groups: QuerySet[Any, Row] = _summed(rows.filter(between(low, high)), width)
        found += groups.order_by("-start", "device", "metric")[: most - len(found)]
        if len(found) == most or low == _EPOCH:
            break
        high, newest = low, None
        if not found:  # nothing here: go on where there is something
            newest = _newest_time(rows.filter(between(None, low)))
            high = min(low, _end_behind(newest, width) or _EPOCH)
        buckets *= 2
        go_on()
    return found


def _few(width: timedelta) -> int:
    """As many buckets of all series as cost hardly more than one: a day on either side is looked through anyhow."""
    return max(1, SLACK // 24 // width)


def _end_of(at: datetime, width: timedelta) -> datetime:
    """The end of the bucket that the moment before this lies in."""
    start = _start_of(at, width)
    return start if start == at else start + width


def _newest_time(rows: QuerySet[StoredReading]) -> datetime | None:
    """When the newest reading came; None if there is none."""
    newest = rows.order_by("-id").values_list("id", flat=True).first()
    return None if newest is None else time_of(newest)


def _end_behind(newest: datetime | None, width: timedelta) -> datetime | None:
    """The end of a bucket that no reading lies behind, if this is when the newest one came."""
    return None if newest is None else _start_of(_more(newest), width) + width


def _earliest(rows: QuerySet[StoredReading]) -> datetime | None:
    """A time that no reading lies before; None if there is none."""
    oldest = rows.order_by("id").values_list("id", flat=True).first()
    return None if oldest is None else _less(time_of(oldest))


def _summed(rows: QuerySet[Any], width: timedelta) -> QuerySet[Any, Row]:
    groups: QuerySet[Any, Row] = (
        rows.order_by()
        .annotate(start=BucketStart(F("time"), width=width))
        .values("start", "device", "metric")
        .annotate(min=Min("value"), max=Max("value"), mean=Avg("value"), count=Count("id"), units=Max("unit"))
    )
    return groups


def _counted(rows: QuerySet[StoredReading], width: timedelta, newest: Sequence[Row]) -> tuple[int, bool]:
    """How many buckets there are: exactly, or from how many the newest span has where counting would take long."""
    expected = estimate(rows)
    if expected <= MOST_COUNTED:
        starts = rows.order_by().annotate(start=BucketStart(F("time"), width=width))
        count, is_exact = bounded_count(Search(starts.values("start", "device", "metric").distinct()))
        if is_exact or count > EXACT_TO:
            return count, is_exact
    low, high = _earliest(rows), _end_behind(_newest_time(rows), width)
    series = len({(row["device"], row["metric"]) for row in newest})
    spans = (high - low) // width if low and high else 0
    return min(max(len(newest), spans * series), max(expected, len(newest))), False


def _place(row: Row) -> Place:
    return Place(row["start"], row["device"], row["metric"])


def _start_of(at: datetime, width: timedelta) -> datetime:
    return _EPOCH + (at - _EPOCH) // width * width


def _shape(row: Row) -> dict[str, Any]:
    return {
        "time": row["start"],
        "device": row["device"],
        "metric": row["metric"],
        "min": row["min"],
        "max": row["max"],
        "mean": row["mean"],
        "count": row["count"],
        "unit": row["units"],
    }
