"""The history of readings: raw, or summed up per minute, hour or day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from django.db.models import Avg, CharField, Count, F, Func, Max, Min, Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from telemetry.api.pages import answer, bounded_count, envelope, limited_search, page_by_id
from telemetry.api.queries import SpanQuery, bad_parameter, decode_cursor, encode_cursor, equal_to, read_query
from telemetry.api.shapes import ReadingShape
from telemetry.ids import lowest_id
from telemetry.models import StoredReading

SLACK = timedelta(days=1)
"""How far a device's own time may lie from the time in the reading's id; farther ones are not believed."""
RAW = "raw"
BUCKETS = {"1m": (timedelta(minutes=1), 16), "1h": (timedelta(hours=1), 13), "1d": (timedelta(days=1), 10)}
"""The width of a bucket, and how much of 'YYYY-MM-DD HH:MM' names it."""


class BucketName(Func):
    """The bucket of a time as text, in UTC: as much of 'YYYY-MM-DD HH:MM' as names it."""

    output_field = CharField()
    template = "left(to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), %(length)s)"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """SQLite keeps times as such text already."""
        return super().as_sql(compiler, connection, template="substr(%(expressions)s, 1, %(length)s)", **context)


class ReadingQuery(SpanQuery):
    """The filters of `GET readings`."""

    device = serializers.CharField(required=False)
    metric = serializers.CharField(required=False)
    bucket = serializers.ChoiceField(choices=[RAW, *BUCKETS], default=RAW, help_text="what to sum up into one row")


class Readings(APIView):
    """Numbers that devices told, newest first."""

    required_scopes = {"GET": "read"}

    @extend_schema(parameters=[ReadingQuery], responses=envelope("ReadingPage", ReadingShape), operation_id="readings")
    def get(self, request: Request) -> Response:
        """A page of readings, or of buckets with min, max, mean and count."""
        query = read_query(request, ReadingQuery)
        rows = StoredReading.objects.filter(_span(query), equal_to(query, "device", "metric"))
        if query["bucket"] == RAW:
            return page_by_id(request, rows, query, _raw_shapes)
        return _page_of_buckets(request, rows, query)


def _span(query: Mapping[str, Any]) -> Q:
    """The time filter, with wider bounds of the id beside it, because only ids find the right partition."""
    bounds = Q()
    if start := query.get("start_time"):
        bounds &= Q(time__gte=start, id__gte=lowest_id(max(start, EARLIEST) - SLACK))
    if end := query.get("end_time"):
        bounds &= Q(time__lt=end, id__lt=lowest_id(min(end, LATEST) + SLACK))
    return bounds


EARLIEST = datetime(1971, 1, 1, tzinfo=UTC)
LATEST = datetime(9998, 1, 1, tzinfo=UTC)


def _raw_shapes(rows: Sequence[StoredReading]) -> list[dict[str, Any]]:
    return [
        {"time": row.time, "device": row.device, "metric": row.metric, "value": row.value, "unit": row.unit}
        for row in rows
    ]


def _page_of_buckets(request: Request, rows: QuerySet[StoredReading], query: Mapping[str, Any]) -> Response:
    width, length = BUCKETS[query["bucket"]]
    name = BucketName(F("time"), length=length)
    with limited_search():
        groups = _summed(rows.annotate(name=name))
        count = bounded_count(groups)
        if "cursor" in query:
            groups = _summed(rows.annotate(name=name).filter(_after(query["cursor"], width)))
        found = list(groups.order_by("-name", "device", "metric")[: query["limit"] + 1])
    page = found[: query["limit"]]
    last = page[-1] if len(found) > len(page) else None
    cursor = encode_cursor(orjson.dumps([last["name"], last["device"], last["metric"]])) if last else None
    return answer(request, [_bucket_shape(row) for row in page], count=count, cursor=cursor)


def _summed(rows: QuerySet[Any]) -> QuerySet[Any, dict[str, Any]]:
    groups: QuerySet[Any, dict[str, Any]] = (
        rows.order_by()
        .values("name", "device", "metric")
        .annotate(min=Min("value"), max=Max("value"), mean=Avg("value"), count=Count("id"), units=Max("unit"))
    )
    return groups


def _after(cursor: str, width: timedelta) -> Q:
    """The rows of the buckets that follow the one in the cursor; raises Problem."""
    try:
        name, device, metric = orjson.loads(decode_cursor(cursor))
        ends_at = _start_of(name) + width
        is_text = isinstance(device, str) and isinstance(metric, str)
    except (ValueError, TypeError, OverflowError):
        is_text = False
    if not is_text or "\x00" in device + metric:
        raise bad_parameter("cursor", "This is not a cursor of this list.")
    same = Q(name=name) & (Q(device__gt=device) | Q(device=device, metric__gt=metric))
    return Q(time__lt=ends_at) & (Q(name__lt=name) | same)


def _start_of(name: str) -> datetime:
    start = datetime.fromisoformat(name + "0000-01-01 00:00"[len(name) :])
    return start.replace(tzinfo=UTC)


def _bucket_shape(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "time": _start_of(row["name"]),
        "device": row["device"],
        "metric": row["metric"],
        "min": row["min"],
        "max": row["max"],
        "mean": row["mean"],
        "count": row["count"],
        "unit": row["units"],
    }
