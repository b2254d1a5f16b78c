"""What the API puts into the outbox itself: commands to devices, and deliveries sent again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bridges import intake
from devices.models import Device
from telemetry.api.callers import owner_of
from telemetry.api.configured import StrictSerializer
from telemetry.api.problems import Problem
from telemetry.models import Delivery

MAX_COMMAND_CHARACTERS = 100_000


class CommandSerializer(StrictSerializer):
    """What to write: text (sent as UTF-8), or bytes in hexadecimal. The driver adds its framing."""

    payload = serializers.CharField(
        required=False, allow_blank=True, trim_whitespace=False, max_length=MAX_COMMAND_CHARACTERS
    )
    hex = serializers.RegexField(r"\A([0-9A-Fa-f]{2})*\Z", required=False, max_length=MAX_COMMAND_CHARACTERS)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of the two, as bytes; raises ValidationError."""
        if len(attrs) != 1:
            raise serializers.ValidationError("Give either payload or hex.")
        if "hex" in attrs:
            return {"bytes": bytes.fromhex(attrs["hex"])}
        return {"bytes": attrs["payload"].encode()}


class AcceptedShape(serializers.Serializer[Any]):
    """The Delivery that will carry it out; `GET deliveries` tells what became of it."""

    delivery = serializers.UUIDField()


class Commands(APIView):
    """Writes to a serial device."""

    required_scopes = {"POST": "command"}

    @extend_schema(request=CommandSerializer, responses={202: AcceptedShape}, operation_id="devices_command")
    def post(self, request: Request, name: str) -> Response:
        """Put one write into the outbox. 202: it is kept and will be written, in order."""
        device = None if "\x00" in name else Device.objects.filter(name=name).first()
        if device is None:
            raise Http404
        if not device.is_enabled:
            raise Problem(409, "device_disabled", "This device is disabled.")
        command = CommandSerializer(data=request.data)
        command.is_valid(raise_exception=True)
        try:
            delivery = intake.submit_write(name, command.validated_data["bytes"], owner=owner_of(request))
        except intake.DeviceNotWritable as fault:
            raise Problem(409, "not_writable", f"{fault}.") from None
        return Response({"delivery": delivery}, status=202)


class Redrive(APIView):
    """Sends a delivery again."""

    required_scopes = {"POST": "command"}

    @extend_schema(request=None, responses={202: AcceptedShape}, operation_id="deliveries_redrive")
    def post(self, request: Request, delivery_id: UUID) -> Response:
        """Put a dead, unknown or expired delivery back into the outbox."""
        if not Delivery.objects.filter(id=delivery_id).exists():
            raise Http404
        try:
            intake.redrive(delivery_id)
        except intake.DeliveryNotRedrivable as fault:
            raise Problem(409, "not_redrivable", f"{fault}.") from None
        return Response({"delivery": delivery_id}, status=202)
