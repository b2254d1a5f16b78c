"""Outgoings to PUBLISH packets: what may be sent to this broker, and its bytes. Pure."""

from __future__ import annotations

from datetime import datetime
from math import ceil

from bridges.mqtt.filters import check_name
from bridges.mqtt.packets import Publish, encode_publish
from bridges.mqtt.properties import PublishProperties
from bridges.mqtt.settings import ServerLimits
from telemetry.values import Outgoing

ID_PROPERTY = "id"
"""The user property that carries a Delivery's stable id, for consumers that want to drop repetitions."""

_KEPT_TOPICS = 10_000


class MessageRefused(Exception):
    """This message can never be sent to this broker. The text says why, for the dead letter."""


class PublishEncoder:
    """Encodes for one connection. Brokers end the connection over a bad topic, so topics are checked here."""

    def __init__(self, limits: ServerLimits, *, is_v5: bool) -> None:
        self._limits = limits
        self._is_v5 = is_v5
        self._good_topics: set[str] = set()

    def encode(self, item: Outgoing, packet_id: int, *, dup: bool, now: datetime) -> bytes:
        """The packet's bytes; raises MessageRefused."""
        limits = self._limits
        if item.qos > limits.maximum_qos:
            raise MessageRefused(f"The broker takes QoS {limits.maximum_qos} at most; this message has QoS {item.qos}.")
        if item.retain and not limits.can_retain:
            raise MessageRefused("The broker does not keep retained messages.")
        if item.address not in self._good_topics:
            self._check_topic(item.address)
        properties = self._properties(item, now) if self._is_v5 else PublishProperties()
        publish = Publish(item.address, item.payload, item.qos, item.retain, dup, packet_id, properties)
        try:
            data = encode_publish(publish, is_v5=self._is_v5)
        except ValueError as fault:
            raise MessageRefused(f"The message cannot be said in MQTT: {fault}.") from fault
        if len(data) > limits.maximum_packet:
            raise MessageRefused(f"The broker takes packets of {limits.maximum_packet:,} bytes, not of {len(data):,}.")
        return data

    def _check_topic(self, topic: str) -> None:
        try:
            check_name(topic)
        except ValueError as fault:
            raise MessageRefused(f"The topic {topic[:100]!r} cannot be published to: {fault}.") from fault
        if len(self._good_topics) >= _KEPT_TOPICS:
            self._good_topics.clear()
        self._good_topics.add(topic)

    @staticmethod
    def _properties(item: Outgoing, now: datetime) -> PublishProperties:
        user = tuple(item.properties.items())
        if ID_PROPERTY not in item.properties:
            user = ((ID_PROPERTY, str(item.id)), *user)
        if item.expires_at is None:
            return PublishProperties(user=user)
        left_s = ceil((item.expires_at - now).total_seconds())
        return PublishProperties(user=user, message_expiry_s=min(max(left_s, 1), 2**32 - 1))
