"""Alerts over REST: what stands and what was, and that somebody looks after one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from telemetry.alerts.evaluation import acknowledge
from telemetry.api.pages import answer, envelope
from telemetry.api.problems import Problem
from telemetry.api.queries import PageQuery, bad_parameter, decode_cursor, encode_cursor, equal_to, read_query
from telemetry.models import Alert, Severity

TOLD = [state for state in Alert.State.choices if state[0] != Alert.State.PENDING]


class AlertQuery(PageQuery):
    """The filters of `GET alerts`."""

    state = serializers.ChoiceField(choices=TOLD, required=False)
    rule = serializers.CharField(required=False)
    subject = serializers.CharField(required=False, help_text="such as `broker:NAME` or `device:NAME`")
    severity = serializers.ChoiceField(choices=Severity.choices, required=False)


class AlertShape(serializers.Serializer[Any]):
    """One alert."""

    id = serializers.IntegerField()
    rule = serializers.CharField()
    subject = serializers.CharField()
    severity = serializers.ChoiceField(choices=Severity.choices)
    state = serializers.ChoiceField(choices=TOLD)
    detail = serializers.CharField()
    bad_since = serializers.DateTimeField()
    opened_at = serializers.DateTimeField()
    acknowledged_by = serializers.CharField(allow_blank=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    cleared_at = serializers.DateTimeField(allow_null=True)
    notice_fault = serializers.CharField(allow_blank=True, help_text="why nobody could be told, so far")


_COLUMNS = tuple(AlertShape._declared_fields)


class Alerts(APIView):
    """What alert rules found, newest first."""

    required_scopes = {"GET": "read"}

    @extend_schema(parameters=[AlertQuery], responses=envelope("AlertPage", AlertShape), operation_id="alerts_list")
    def get(self, request: Request) -> Response:
        """A page of alerts."""
        query = read_query(request, AlertQuery)
        rows = Alert.objects.exclude(state=Alert.State.PENDING).filter(
            equal_to(query, "state", "rule", "subject", "severity")
        )
        count = rows.count()
        if "cursor" in query:
            rows = rows.filter(pk__lt=_read_cursor(query["cursor"]))
        found = list(rows.order_by("-pk")[: query["limit"] + 1])
        page = found[: query["limit"]]
        cursor = encode_cursor(str(page[-1].pk).encode()) if len(found) > len(page) else None
        return answer(request, [alert_shape(row) for row in page], count=(count, True), cursor=cursor)


class AlertAcknowledgement(APIView):
    """That somebody looks after an alert."""

    required_scopes = {"POST": "command"}

    @extend_schema(request=None, responses=AlertShape, operation_id="alert_acknowledge")
    def post(self, request: Request, alert_id: int) -> Response:
        """Acknowledge an open alert; once more changes nothing."""
        row = Alert.objects.filter(pk=alert_id).exclude(state=Alert.State.PENDING).first()
        if row is None:
            raise Http404
        if not acknowledge(row, by=_name_of(request), now=datetime.now(UTC)):
            row.refresh_from_db()
            if row.state != Alert.State.ACKNOWLEDGED:
                raise Problem(409, "conflict", "This alert is over; there is nothing to look after any more.")
        row.refresh_from_db()
        return Response(alert_shape(row))


def alert_shape(row: Alert) -> dict[str, Any]:
    """One alert as the API answers it."""
    return {name: getattr(row, name) for name in _COLUMNS}


def _name_of(request: Request) -> str:
    """A person by name, a program by its key."""
    return getattr(request.auth, "owner", "") or str(request.user.get_username())


def _read_cursor(cursor: str) -> int:
    text = decode_cursor(cursor)
    if not text.isdigit():
        raise bad_parameter("cursor", "This is not a cursor of this list.")
    return int(text)
