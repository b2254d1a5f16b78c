"""Seen devices over REST: who announced itself, and adopting it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from devices.api.serializers import DeviceSerializer
from devices.models import Device
from devices.seen import NotAdoptable, adopt, seen_devices, with_first_reading
from telemetry.api.pages import answer, envelope
from telemetry.api.problems import Problem
from telemetry.api.queries import PageQuery, bad_parameter, decode_cursor, encode_cursor, read_query
from telemetry.api.searches import Search, bounded_count
from telemetry.ids import time_of
from telemetry.models import LatestReading
from telemetry.names import SLUG


class SeenDeviceShape(serializers.Serializer[Any]):
    """A device that was seen and not adopted."""

    name = serializers.CharField()
    first_seen = serializers.DateTimeField(allow_null=True, help_text="null: its first readings are no longer kept")
    last_seen = serializers.DateTimeField()
    metrics = serializers.ListField(child=serializers.CharField())
    adoptable = serializers.BooleanField(help_text="false: this cannot be a device's name")


class SeenDevices(APIView):
    """Devices that announced themselves and have no row yet, by name."""

    required_scopes = {"GET": "read"}

    @extend_schema(
        parameters=[PageQuery], responses=envelope("SeenDevicePage", SeenDeviceShape), operation_id="seen_devices_list"
    )
    def get(self, request: Request) -> Response:
        """A page of them."""
        query = read_query(request, PageQuery)
        rows = seen_devices()
        count = bounded_count(Search(rows))
        if "cursor" in query:
            rows = rows.filter(device__gt=_read_name(query["cursor"]))
        found = list(with_first_reading(rows)[: query["limit"] + 1])
        page = found[: query["limit"]]
        cursor = encode_cursor(page[-1].device.encode()) if len(found) > len(page) else None
        return answer(request, _shapes(page), count=count, cursor=cursor)


class Adoption(APIView):
    """Making a seen device a configured one."""

    required_scopes = {"POST": "configure"}
    permission_model = Device

    @extend_schema(request=None, responses=DeviceSerializer, operation_id="seen_device_adopt")
    def post(self, request: Request, name: str) -> Response:
        """Adopt it; once more changes nothing."""
        try:
            device = adopt(name)
        except NotAdoptable as fault:
            raise Problem(409, "not_adoptable", str(fault)) from None
        return Response(DeviceSerializer(device).data)


def _shapes(rows: list[Any]) -> list[dict[str, Any]]:
    metrics: dict[str, list[str]] = {}
    names = LatestReading.objects.filter(device__in=[row.device for row in rows]).order_by("device", "metric")
    for device, metric in names.values_list("device", "metric"):
        metrics.setdefault(device, []).append(metric)
    return [
        {
            "name": row.device,
            "first_seen": time_of(row.first_id) if row.first_id else None,
            "last_seen": row.seen_at,
            "metrics": metrics.get(row.device, []),
            "adoptable": bool(SLUG.match(row.device)),
        }
        for row in rows
    ]


def _read_name(cursor: str) -> str:
    try:
        name = decode_cursor(cursor).decode()
    except UnicodeDecodeError:
        name = "\x00"
    if "\x00" in name:
        raise bad_parameter("cursor", "This is not a cursor of this list.")
    return name
