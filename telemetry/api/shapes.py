"""The shapes of answers, for the documentation only: history is written out by hand, because it is long."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from telemetry.delivery_kinds import delivery_kinds
from telemetry.models import Delivery, Message


class PayloadShape(serializers.Serializer[Any]):
    """A payload: text, or hexadecimal if `is_binary`. Lists cut it to 2,000 characters."""

    text = serializers.CharField()
    is_binary = serializers.BooleanField()
    is_cut = serializers.BooleanField()
    size = serializers.IntegerField(help_text="bytes of the whole payload")


class MessageShape(PayloadShape):
    """One message."""

    id = serializers.UUIDField()
    at = serializers.DateTimeField()
    source = serializers.CharField()  # type: ignore[assignment]
    message_kind = serializers.ChoiceField(choices=Message.Kind.choices)
    topic = serializers.CharField()
    topic_name = serializers.CharField()
    device = serializers.CharField()
    device_time = serializers.DateTimeField(allow_null=True)
    decoded = serializers.JSONField(allow_null=True)
    qos = serializers.IntegerField()
    retained = serializers.BooleanField()
    duplicate_of = serializers.UUIDField(allow_null=True)
    fault = serializers.CharField()
    answers = serializers.UUIDField(allow_null=True, help_text="the delivery that this is a device's answer to")


class PacketDeliveryShape(serializers.Serializer[Any]):
    """Where a packet was delivered."""

    id = serializers.UUIDField()
    rule = serializers.CharField()
    target = serializers.CharField()
    address = serializers.CharField()
    state = serializers.ChoiceField(choices=Delivery.State.choices)
    done_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField()


class PacketShape(PayloadShape):
    """One packet and its deliveries."""

    id = serializers.UUIDField()
    at = serializers.DateTimeField()
    device = serializers.CharField()
    device_time = serializers.DateTimeField(allow_null=True)
    decoded = serializers.JSONField(allow_null=True)
    fault = serializers.CharField()
    deliveries = PacketDeliveryShape(many=True)


class DeliveryShape(PayloadShape):
    """One Delivery."""

    id = serializers.UUIDField()
    at = serializers.DateTimeField()
    message = serializers.UUIDField(allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]
    rule = serializers.CharField()
    rule_version = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=delivery_kinds())
    target = serializers.CharField()
    topic_name = serializers.CharField()
    address = serializers.CharField()
    qos = serializers.IntegerField()
    retained = serializers.BooleanField()
    state = serializers.ChoiceField(choices=Delivery.State.choices)
    disconnects = serializers.IntegerField()
    expires_at = serializers.DateTimeField(allow_null=True)
    done_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField()
    result = serializers.JSONField(allow_null=True, help_text="what a script or webhook answered")


class DeadLetterShape(PayloadShape):
    """One message that could not be processed, and why."""

    id = serializers.UUIDField()
    at = serializers.DateTimeField()
    message = serializers.UUIDField(allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment]
    topic = serializers.CharField()
    stage = serializers.CharField()
    rule = serializers.CharField()
    rule_version = serializers.IntegerField()
    reason = serializers.CharField()
    resolved_at = serializers.DateTimeField(allow_null=True)


class ReadingShape(serializers.Serializer[Any]):
    """One reading; with a `bucket` it has min, max, mean and count instead of value."""

    time = serializers.DateTimeField()
    device = serializers.CharField()
    metric = serializers.CharField()
    value = serializers.FloatField(required=False)
    unit = serializers.CharField(required=False)
    min = serializers.FloatField(required=False)
    max = serializers.FloatField(required=False)
    mean = serializers.FloatField(required=False)
    count = serializers.IntegerField(required=False)


class LinkShape(serializers.Serializer[Any]):
    """Where a link stands."""

    key = serializers.CharField()
    state = serializers.CharField()
    detail = serializers.CharField()
    warning = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)
    last_message_at = serializers.DateTimeField(allow_null=True)
    last_error = serializers.CharField()
    last_error_at = serializers.DateTimeField(allow_null=True)
    worker = serializers.CharField()


class QueueShape(serializers.Serializer[Any]):
    """The Deliveries that wait for one target."""

    target = serializers.CharField()
    waiting = serializers.IntegerField()
    sending = serializers.IntegerField()
    oldest_at = serializers.DateTimeField(allow_null=True)


class StatusShape(serializers.Serializer[Any]):
    """How the hub is."""

    time = serializers.DateTimeField()
    config_version = serializers.IntegerField()
    redis = serializers.BooleanField(help_text="whether Redis answers")
    links = LinkShape(many=True)
    queues = QueueShape(many=True)
    ledger = serializers.DictField(child=serializers.DictField(child=serializers.IntegerField()))


class PingShape(serializers.Serializer[Any]):
    """A sign of life."""

    ok = serializers.BooleanField()
    time = serializers.DateTimeField()
