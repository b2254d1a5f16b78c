"""Outgoings to PUBLISH packets: what may be sent to this broker, and its bytes. Pure."""

from __future__ import annotations

from datetime import datetime
from math import ceil

from bridges.mqtt.filters import check_name
from bridges.mqtt.packets import PUBLISH, join_publish
from bridges.mqtt.properties import pack_correlation, pack_expiry, pack_text, pack_user_property, pack_varint
from bridges.mqtt.settings import ServerLimits
from telemetry.values import Outgoing

ID_PROPERTY = "id"
"""The user property that carries a Delivery's stable id, for consumers that want to drop repetitions."""
CORRELATION_PROPERTY = "correlation_data"
"""Not a user property: what the one who asked wants to find in a reply, in hexadecimal."""

_KEPT = 10_000
_LONGEST_EXPIRY_S = 2**32 - 1


class MessageRefused(Exception):
    """This message can never be sent to this broker. The text says why, for the dead letter."""


class PublishEncoder:
    """Encodes for one connection. Brokers end the connection over a bad topic, so topics are checked here."""

    def __init__(self, limits: ServerLimits, *, is_v5: bool) -> None:
        self._limits = limits
        self._is_v5 = is_v5
        self._topics: dict[str, bytes] = {}  # checked and packed
        self._pairs: dict[tuple[str, str], bytes] = {}

    def encode(self, item: Outgoing, packet_id: int, *, dup: bool, now: datetime) -> bytes:
        """The packet's bytes; raises MessageRefused."""
        limits, qos = self._limits, item.qos
        if qos > limits.maximum_qos:
            raise MessageRefused(f"The broker takes QoS {limits.maximum_qos} at most; this message has QoS {qos}.")
        if item.retain and not limits.can_retain:
            raise MessageRefused("The broker does not keep retained messages.")
        head = self._topics.get(item.address) or self._checked_topic(item.address)
        if qos:
            head += packet_id.to_bytes(2, "big")
        first = PUBLISH | dup << 3 | qos << 1 | item.retain
        try:
            block = self._property_block(item, now) if self._is_v5 else b""
            data = join_publish(first, head, block, payload=item.payload)
        except ValueError as fault:
            raise MessageRefused(f"The message cannot be said in MQTT: {fault}.") from fault
        if len(data) > limits.maximum_packet:
            raise MessageRefused(f"The broker takes packets of {limits.maximum_packet:,} bytes, not of {len(data):,}.")
        return data

    def _checked_topic(self, topic: str) -> bytes:
        try:
            check_name(topic)
        except ValueError as fault:
            raise MessageRefused(f"The topic {topic[:100]!r} cannot be published to: {fault}.") from fault
        if len(self._topics) >= _KEPT:
            self._topics.clear()
        packed = self._topics[topic] = pack_text(topic)
        return packed

    def _property_block(self, item: Outgoing, now: datetime) -> bytes:
        properties = item.properties
        parts = [self._packed_pair(pair) for pair in properties.items()]
        if ID_PROPERTY not in properties:
            parts.insert(0, pack_user_property(ID_PROPERTY, str(item.id)))
        if item.expires_at is not None:
            left_s = ceil((item.expires_at - now).total_seconds())
            parts.append(pack_expiry(min(max(left_s, 1), _LONGEST_EXPIRY_S)))
        block = b"".join(parts)
        return pack_varint(len(block)) + block

    def _packed_pair(self, pair: tuple[str, str]) -> bytes:
        """Everything but the id is the same for many messages."""
        if pair[0] == ID_PROPERTY:
            return pack_user_property(*pair)
        if pair[0] == CORRELATION_PROPERTY:
            return pack_correlation(bytes.fromhex(pair[1]))
        packed = self._pairs.get(pair)
        if packed is None:
            if len(self._pairs) >= _KEPT:
                self._pairs.clear()
            packed = self._pairs[pair] = pack_user_property(*pair)
        return packed
