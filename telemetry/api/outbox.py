"""The outbox and the dead letters, for reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import BooleanField, F, Func, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from telemetry.api.pages import envelope, page_by_id
from telemetry.api.payloads import shown
from telemetry.api.queries import SpanQuery, equal_to, read_query, span_of_ids
from telemetry.api.shapes import DeadLetterShape, DeliveryShape
from telemetry.delivery_kinds import delivery_kinds
from telemetry.models import DeadLetter, Delivery, Message


class DeliveryQuery(SpanQuery):
    """The filters of `GET deliveries`."""

    state = serializers.ChoiceField(choices=Delivery.State.choices, required=False)
    target = serializers.CharField(
        required=False, help_text="`broker:NAME`, `device:NAME`, `events`, `rule:NAME`, or `KIND:RULE` of an action"
    )
    kind = serializers.ChoiceField(choices=delivery_kinds(), required=False)
    rule = serializers.CharField(required=False)
    message = serializers.UUIDField(required=False, help_text="the id of the message that brought them about")


class Deliveries(APIView):
    """What was to go out, newest first."""

    required_scopes = {"GET": "read"}

    @extend_schema(parameters=[DeliveryQuery], responses=envelope("DeliveryPage", DeliveryShape))
    def get(self, request: Request) -> Response:
        """A page of deliveries."""
        query = read_query(request, DeliveryQuery)
        rows = find_deliveries(query)
        return page_by_id(request, rows, query, lambda page: [delivery_shape(row) for row in page])


def find_deliveries(query: Mapping[str, Any]) -> QuerySet[Delivery]:
    """The deliveries that these parameters ask for."""
    rows = Delivery.objects.filter(span_of_ids(query), equal_to(query, "state", "target", "kind", "rule"))
    if "message" in query:
        rows = rows.filter(message_id=query["message"])
    rows = rows.filter(*_partial_indexes(query))
    if connection.vendor == "sqlite" and query.get("state") in _OPEN:
        # The index is by target. For an order by id SQLite would rather read the whole table.
        rows = Delivery.objects.filter(id__in=rows.order_by().values("id"))
    return rows


def _partial_indexes(query: Mapping[str, Any]) -> Iterator[Func]:
    """Conditions that follow from the query, spelt as in the indexes of few rows: SQLite finds them only so."""
    if words := _SPELT.get(query.get("state", "")):
        yield Func(F("state"), template=words, output_field=BooleanField())
    if query.get("kind", "publish") != "publish":
        yield Func(F("kind"), template="NOT (%(expressions)s = 'publish')", output_field=BooleanField())


_OPEN = ("waiting", "sending")
_SPELT = {
    **dict.fromkeys(_OPEN, "%(expressions)s IN ('waiting', 'sending')"),
    **dict.fromkeys(("dead", "unknown"), "%(expressions)s IN ('dead', 'unknown')"),
    "expired": "%(expressions)s = 'expired'",
}


class DeadLetterQuery(SpanQuery):
    """The filters of `GET dead-letters`."""

    source = serializers.CharField(required=False, help_text="`broker:NAME`, `device:NAME` or `packets`")  # type: ignore[assignment]
    stage = serializers.ChoiceField(choices=DeadLetter.Stage.choices, required=False)
    rule = serializers.CharField(required=False)
    resolved = serializers.BooleanField(required=False, help_text="true: only settled ones; false: only open ones")


class DeadLetters(APIView):
    """Messages that could not be processed, newest first. Dead deliveries are in the outbox."""

    required_scopes = {"GET": "read"}

    @extend_schema(parameters=[DeadLetterQuery], responses=envelope("DeadLetterPage", DeadLetterShape))
    def get(self, request: Request) -> Response:
        """A page of dead letters."""
        query = read_query(request, DeadLetterQuery)
        rows = DeadLetter.objects.filter(span_of_ids(query), equal_to(query, "source", "stage", "rule"))
        if "resolved" in query:
            rows = rows.filter(resolved_at__isnull=not query["resolved"])
        return page_by_id(request, rows, query, _dead_letter_shapes)


def delivery_shape(row: Delivery) -> dict[str, Any]:
    """One Delivery as the API answers it."""
    return {
        "id": row.id,
        "at": row.created_at,
        "message": row.message_id,
        "source": row.source,
        "rule": row.rule,
        "rule_version": row.rule_version,
        "kind": row.kind,
        "target": row.target,
        "topic_name": row.topic_name,
        "address": row.address,
        **shown(row.payload),
        "qos": row.qos,
        "retained": row.is_retained,
        "state": row.state,
        "disconnects": row.disconnects,
        "expires_at": row.expires_at,
        "done_at": row.done_at,
        "reason": row.reason,
        "result": row.result,
    }


def _dead_letter_shapes(rows: Sequence[DeadLetter]) -> list[dict[str, Any]]:
    """Dead letters; one whose message was stored has no payload of its own, and shows the message's."""
    wanted = [row.message_id for row in rows if row.message_id and not row.payload]
    payloads: dict[UUID | None, Any] = dict(Message.objects.filter(id__in=wanted).values_list("id", "payload"))
    return [
        {
            "id": row.id,
            "at": row.created_at,
            "message": row.message_id,
            "source": row.source,
            "topic": row.topic,
            "stage": row.stage,
            "rule": row.rule,
            "rule_version": row.rule_version,
            "reason": row.reason,
            **shown(row.payload or payloads.get(row.message_id, b"")),
            "resolved_at": row.resolved_at,
        }
        for row in rows
    ]
