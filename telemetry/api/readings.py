"""The history of readings: raw, or summed up per minute, hour or day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from telemetry.api.buckets import BUCKETS, between, page_of_buckets
from telemetry.api.pages import envelope, page_by_id
from telemetry.api.queries import SpanQuery, equal_to, read_query
from telemetry.api.shapes import ReadingShape
from telemetry.models import StoredReading

RAW = "raw"


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
        rows = StoredReading.objects.filter(
            between(query.get("start_time"), query.get("end_time")), equal_to(query, "device", "metric")
        )
        if query["bucket"] == RAW:
            return page_by_id(request, rows, query, _raw_shapes)
        return page_of_buckets(request, rows, query)


def _raw_shapes(rows: Sequence[StoredReading]) -> list[dict[str, Any]]:
    return [
        {"time": row.time, "device": row.device, "metric": row.metric, "value": row.value, "unit": row.unit}
        for row in rows
    ]
