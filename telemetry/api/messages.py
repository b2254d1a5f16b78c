"""The history of messages, and of the packets among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import F, Q, QuerySet
from django.db.models.fields.json import KeyTransform
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from telemetry.api.pages import envelope, page_by_id
from telemetry.api.payloads import shown, shown_whole
from telemetry.api.queries import SpanQuery, bad_parameter, equal_to, read_query, span_of_ids
from telemetry.api.searches import Search
from telemetry.api.shapes import MessageShape, PacketShape
from telemetry.api.value_search import ValueSearch, containing
from telemetry.models import Delivery, Message
from telemetry.models.history import INDEXED_TOPIC, IsIndexed
from telemetry.values import PACKETS

MAX_PATH_PARTS = 20


class MessageQuery(SpanQuery):
    """The filters of `GET messages`."""

    key = serializers.CharField(
        required=False, max_length=500, help_text="a key of the decoded payload; nested ones as a path: `battery.level`"
    )
    value = serializers.CharField(required=False, allow_blank=True, help_text="the value at `key`, text or number")
    device = serializers.CharField(required=False, help_text="name of the device")
    topic = serializers.CharField(required=False, help_text="the MQTT topic, or the name of the Topic that took it in")
    source = serializers.CharField(required=False, help_text="`broker:NAME`, `device:NAME` or `packets`")  # type: ignore[assignment]


class Messages(APIView):
    """What arrived, newest first."""

    required_scopes = {"GET": "read"}

    @extend_schema(parameters=[MessageQuery], responses=envelope("MessagePage", MessageShape), operation_id="messages")
    def get(self, request: Request) -> Response:
        """A page of messages. Times are those at which the hub took them over."""
        query = read_query(request, MessageQuery)
        return page_by_id(request, search_messages(query), query, lambda rows: [message_shape(row) for row in rows])


class MessageDetail(APIView):
    """One message, with all of its payload."""

    required_scopes = {"GET": "read"}

    @extend_schema(responses=MessageShape, operation_id="message")
    def get(self, request: Request, message_id: UUID) -> Response:
        """The message with this id."""
        return Response(message_shape(_message(Message.objects.filter(id=message_id)), is_whole=True))


class PacketHistory(APIView):
    """The packets that came in over REST, newest first. Those who take packets in extend it."""

    required_scopes = {"GET": "read"}

    @extend_schema(parameters=[SpanQuery], responses=envelope("PacketPage", PacketShape), operation_id="packets")
    def get(self, request: Request) -> Response:
        """A page of packets, each with its deliveries."""
        query = read_query(request, SpanQuery)
        rows = Message.objects.filter(span_of_ids(query), source=PACKETS)
        return page_by_id(request, rows, query, packet_shapes)


class PacketDetail(APIView):
    """One packet: what it said, and where it was delivered."""

    required_scopes = {"GET": "read"}

    @extend_schema(responses=PacketShape, operation_id="packet")
    def get(self, request: Request, packet_id: UUID) -> Response:
        """The packet with this id."""
        row = _message(Message.objects.filter(id=packet_id, source=PACKETS))
        return Response(packet_shapes([row])[0] | shown_whole(row.payload))


def find_messages(query: Mapping[str, Any]) -> QuerySet[Message]:
    """The messages that these parameters ask for; raises Problem."""
    rows = _among(query)
    if "topic" in query:
        rows = rows.filter(_of_topic(query["topic"]) | Q(topic_name=query["topic"]))
    return rows.filter(_condition(query)) if "key" in query else rows


def search_messages(query: Mapping[str, Any]) -> Search[Message]:
    """The same messages, to be found quickly; raises Problem."""
    rows = _among(query)
    if "topic" in query:
        rows = rows.filter(_meant_topic(query["topic"]))
    if "key" not in query:
        return Search(rows)
    if connection.vendor == "postgresql" and "value" in query:
        path = _path(query["key"])
        indexed = containing(path, _meanings(query["value"]))
        if indexed is not None:
            is_bounded = bool({"device", "source", "topic"} & query.keys())
            is_enough = not any(part.isdigit() for part in path)
            return ValueSearch(rows, indexed if is_enough else indexed & _condition(query), is_bounded=is_bounded)
    return Search(rows.filter(_condition(query)))


def _among(query: Mapping[str, Any]) -> QuerySet[Message]:
    """The messages by what needs no closer look; with `place`, where `key` leads."""
    rows = Message.objects.filter(span_of_ids(query), equal_to(query, "device", "source"))
    if "key" in query:
        place: Any = F("decoded")
        for part in _path(query["key"]):
            place = KeyTransform(part, place)
        return rows.alias(place=place)
    if "value" in query:
        raise bad_parameter("value", "This needs `key`, which says where to look.")
    return rows


def _of_topic(topic: str) -> Q:
    """The messages of an MQTT topic: by the index, if it is one that is in there."""
    return Q(IsIndexed("topic"), topic=topic) if len(topic) <= INDEXED_TOPIC else Q(topic=topic)


def _meant_topic(text: str) -> Q:
    """The messages of this MQTT topic, or of the Topic of this name: of one of both, an index gives them in order."""
    by_name, by_topic = Q(topic_name=text), _of_topic(text)
    rows = Message.objects.order_by()
    if not rows.filter(by_name).exists():
        return by_topic
    return by_name | by_topic if rows.filter(by_topic).exists() else by_name


def _condition(query: Mapping[str, Any]) -> Q:
    """What `key` and `value` ask for."""
    if "value" not in query:
        return Q(place__isnull=False)
    return reduce(Q.__or__, (Q(place=meaning) for meaning in _meanings(query["value"])))


def _path(key: str) -> list[str]:
    """The keys of a path; raises Problem."""
    parts = key.split(".")
    if len(parts) > MAX_PATH_PARTS or not all(parts):
        raise bad_parameter("key", "This is a path such as `battery.level`, of at most 20 keys.")
    return parts


def _meanings(value: str) -> list[Any]:
    """What a text in an address may mean: itself, and the number or truth value that it spells."""
    try:
        spelt = orjson.loads(value)
    except orjson.JSONDecodeError:
        return [value]
    return [value, spelt] if isinstance(spelt, bool | int | float) else [value]


def message_shape(row: Message, *, is_whole: bool = False) -> dict[str, Any]:
    """One message as the API answers it."""
    return {
        "id": row.id,
        "at": row.received_at,
        "source": row.source,
        "message_kind": row.kind,
        "topic": row.topic,
        "topic_name": row.topic_name,
        "device": row.device,
        "device_time": row.device_time,
        **(shown_whole(row.payload) if is_whole else shown(row.payload)),
        "decoded": row.decoded,
        "qos": row.qos,
        "retained": row.is_retained,
        "duplicate_of": row.duplicate_of,
        "fault": row.fault,
        "answers": row.answers,
    }


def packet_shapes(rows: Sequence[Message]) -> list[dict[str, Any]]:
    """Packets with their deliveries, which are read in one query."""
    deliveries: dict[UUID | None, list[dict[str, Any]]] = {}
    for delivery in Delivery.objects.filter(message_id__in=[row.id for row in rows]).order_by("id").defer("payload"):
        deliveries.setdefault(delivery.message_id, []).append(
            {
                "id": delivery.id,
                "rule": delivery.rule,
                "target": delivery.target,
                "address": delivery.address,
                "state": delivery.state,
                "done_at": delivery.done_at,
                "reason": delivery.reason,
            }
        )
    return [
        {
            "id": row.id,
            "at": row.received_at,
            "device": row.device,
            "device_time": row.device_time,
            **shown(row.payload),
            "decoded": row.decoded,
            "fault": row.fault,
            "deliveries": deliveries.get(row.id, []),
        }
        for row in rows
    ]


def _message(rows: QuerySet[Message]) -> Message:
    row = rows.first()
    if row is None:
        raise Http404
    return row
