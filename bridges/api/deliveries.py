"""Deliveries sent again, and writes repeated."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bridges import requested_deliveries
from devices.models import Device
from telemetry.api.callers import owner_of
from telemetry.api.problems import Problem
from telemetry.models import Delivery


class AcceptedShape(serializers.Serializer[Any]):
    """The Delivery that will carry it out; `GET deliveries` tells what became of it."""

    delivery = serializers.UUIDField()


class Redrive(APIView):
    """Sends a delivery again."""

    required_scopes = {"POST": "command"}

    @extend_schema(request=None, responses={202: AcceptedShape}, operation_id="deliveries_redrive")
    def post(self, request: Request, delivery_id: UUID) -> Response:
        """Put a dead, unknown or expired delivery back into the outbox."""
        if not Delivery.objects.filter(id=delivery_id).exists():
            raise Http404
        try:
            requested_deliveries.redrive(delivery_id)
        except requested_deliveries.DeliveryNotRedrivable as fault:
            raise Problem(409, "not_redrivable", f"{fault}.") from None
        return Response({"delivery": delivery_id}, status=202)


class Repeat(APIView):
    """Writes once more what was written: prints a receipt again."""

    required_scopes = {"POST": "command"}

    @extend_schema(request=None, responses={202: AcceptedShape}, operation_id="deliveries_repeat")
    def post(self, request: Request, delivery_id: UUID) -> Response:
        """Put a new delivery with the same payload into the outbox, for a write that was delivered."""
        row = Delivery.objects.filter(id=delivery_id).first()
        if row is None:
            raise Http404
        if Device.objects.filter(name=row.target.partition(":")[2], is_enabled=False).exists():
            raise Problem(409, "device_disabled", "This device is disabled.")
        try:
            again = requested_deliveries.repeat(delivery_id, owner=owner_of(request))
        except requested_deliveries.DeliveryNotRepeatable as fault:
            raise Problem(409, "not_repeatable", f"{fault}.") from None
        except requested_deliveries.DeviceNotWritable as fault:
            raise Problem(409, "not_writable", f"{fault}.") from None
        return Response({"delivery": again}, status=202)
