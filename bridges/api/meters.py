"""Meters over REST: what is wanted of them, how they stand, what they are asked once, and the monthly energy report."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.http import Http404, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from bridges.api.meter_shapes import MeterDefaultsSerializer, MeterSerializer
from bridges.meters.protocol import REPLY_TOPICS, CommandKind
from bridges.meters.report import csv_report, month_named
from bridges.meters.standing import latest_of
from bridges.meters.store import unheard
from bridges.models import Meter, MeterDefaults, MeterRequest
from telemetry.api.callers import owner_of
from telemetry.api.configured import StrictSerializer
from telemetry.api.configured_views import ConfiguredViewSet, documented
from telemetry.api.problems import Problem
from telemetry.api.queries import bad_parameter, read_query

RELAY_PERMISSION = "bridges.control_relay"


@documented("Meter")
class Meters(ConfiguredViewSet):
    """The power meters. One is added by itself when it is first heard."""

    queryset = Meter.objects.select_related("broker", "state")
    serializer_class = MeterSerializer

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """With the counters of a whole page read at once."""
        if kwargs.get("many"):
            kwargs["context"] = {**self.get_serializer_context(), "latest": latest_of(row.name for row in args[0])}
        return super().get_serializer(*args, **kwargs)


@documented("MeterDefaults")
class AllMeters(ConfiguredViewSet):
    """What is wanted of all meters at a broker."""

    queryset = MeterDefaults.objects.select_related("broker")
    serializer_class = MeterDefaultsSerializer


class AskSerializer(StrictSerializer):
    """What to do once."""

    command = serializers.ChoiceField(choices=[MeterRequest.Kind.RETRY.value, MeterRequest.Kind.SET_CLOCK.value])


class SwitchSerializer(StrictSerializer):
    """How the relay is to stand."""

    state = serializers.ChoiceField(choices=["on", "off"])


class AskedShape(serializers.Serializer[Any]):
    """It was taken down and is done within seconds; `GET meters/{id}` tells how it went."""

    meter = serializers.CharField()
    asked = serializers.CharField()


class MeterCommands(APIView):
    """Asks a meter something once."""

    required_scopes = {"POST": "command"}

    @extend_schema(request=AskSerializer, responses={202: AskedShape}, operation_id="meters_command")
    def post(self, request: Request, name: str) -> Response:
        """`retry` begins anew with what was refused or not answered; `set_clock` sets the clock now."""
        asked = AskSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        kind = MeterRequest.Kind(asked.validated_data["command"])
        return _ask(request, name, kind, CommandKind.SET_CLOCK if kind == MeterRequest.Kind.SET_CLOCK else None)


class MeterRelay(APIView):
    """Switches a meter's relay, and with it what hangs on it. This right is never part of another."""

    required_scopes = {"POST": "relay"}

    @extend_schema(request=SwitchSerializer, responses={202: AskedShape}, operation_id="meters_relay")
    def post(self, request: Request, name: str) -> Response:
        """Tell the meter once, within seconds or not at all; it is never repeated by itself."""
        if not request.auth and not request.user.has_perm(RELAY_PERMISSION):
            raise PermissionDenied("This needs the permission to switch the relay of meters.")
        asked = SwitchSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        kinds = MeterRequest.Kind
        kind = kinds.RELAY_ON if asked.validated_data["state"] == "on" else kinds.RELAY_OFF
        return _ask(request, name, kind, CommandKind.RELAY)


class ReportQuery(serializers.Serializer[Any]):
    """Which report."""

    month = serializers.CharField(help_text="`2026-01`")
    meter = serializers.CharField(required=False, help_text="one meter only, by its id")


class EnergyReport(APIView):
    """The energy of a month."""

    required_scopes = {"GET": "read"}

    @extend_schema(
        parameters=[ReportQuery], responses={(200, "text/csv"): OpenApiTypes.STR}, operation_id="meters_report"
    )
    def get(self, request: Request) -> HttpResponse:
        """First and last counter of each meter and register as CSV, their difference, and where data is missing."""
        query = read_query(request, ReportQuery)
        try:
            month = month_named(query["month"])
        except ValueError as fault:
            raise bad_parameter("month", f"{fault}.") from None
        if "\x00" in query.get("meter", ""):
            raise bad_parameter("meter", "There is no such meter.")
        return report_response(month, query.get("meter", ""))


def report_response(month: tuple[int, int], meter: str = "") -> HttpResponse:
    """The report as a file to keep."""
    name = f"energy-{month[0]:04d}-{month[1]:02d}.csv"
    text = csv_report(*month, now=datetime.now(UTC), meter=meter)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)


def _ask(request: Request, name: str, kind: str, command: CommandKind | None) -> Response:
    meter = None if "\x00" in name else Meter.objects.select_related("broker").filter(name=name).first()
    if meter is None:
        raise Http404
    if not (meter.is_enabled and meter.broker.is_enabled):
        raise Problem(409, "meter_disabled", "This meter or its broker is disabled.")
    if command is not None and REPLY_TOPICS[command] in unheard(meter.broker):
        text = f"No in-topic of {meter.broker.name} with the codec kpm33b brings {REPLY_TOPICS[command]}."
        raise Problem(409, "reply_unheard", text)
    MeterRequest.objects.create(meter=meter, kind=kind, asked_at=datetime.now(UTC), asked_by=owner_of(request))
    return Response({"meter": meter.name, "asked": kind}, status=202)
