"""The history of readings: raw, or summed up per minute, hour or day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from telemetry.api.buckets import BUCKETS, between, page_of_buckets
from telemetry.api.pages import envelope, page_by_id
from telemetry.api.queries import SpanQuery, equal_to, read_query
from telemetry.api.searches import Search
from telemetry.api.shapes import ReadingShape
from telemetry.api.time_limits import go_on
from telemetry.models import StoredReading

RAW = "raw"
_INDEXED = ("device", "metric", "value", "unit", "time")
"""What the index of a series has all of, beside the id: on PostgreSQL the table itself is not read."""


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
        rows = StoredReading.objects.only(*_INDEXED).filter(
            between(query.get("start_time"), query.get("end_time")), equal_to(query, "device", "metric")
        )
        if query["bucket"] == RAW:
            is_of_device = "device" in query and "metric" not in query
            search = DeviceSearch(rows, query["device"]) if is_of_device else rows
            return page_by_id(request, search, query, _raw_shapes)
        return page_of_buckets(request, rows, query)


class DeviceSearch(Search[StoredReading]):
    """All readings of one device. The index has them by metric, so each metric is asked, and the answers are merged."""

    def __init__(self, rows: QuerySet[StoredReading], device: str) -> None:
        super().__init__(rows)
        self._device = device

    def before(self, row_id: UUID) -> DeviceSearch:
        """The same search among older readings."""
        return DeviceSearch(self.rows.filter(id__lt=row_id), self._device)

    def newest(self, most: int) -> list[StoredReading]:
        """So many of the newest readings."""
        found: list[StoredReading] = []
        for metric in self._metrics():
            found += self.rows.filter(metric=metric).order_by("-id")[:most]
            found = sorted(found, key=attrgetter("id"), reverse=True)[:most]
            go_on()
        return found

    def _metrics(self) -> Iterator[str]:
        """Each metric that the device ever told, found by going from one to the next in the index."""
        rows = StoredReading.objects.filter(device=self._device).order_by("metric").values_list("metric", flat=True)
        metric = rows.first()
        while metric is not None:
            yield metric
            metric = rows.filter(metric__gt=metric).first()


def _raw_shapes(rows: Sequence[StoredReading]) -> list[dict[str, Any]]:
    return [
        {"time": row.time, "device": row.device, "metric": row.metric, "value": row.value, "unit": row.unit}
        for row in rows
    ]
