"""The packets of an MQTT message's life (PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP), to values and back.

Pure: bytes in, values out. All whole packets of a buffer are parsed at once; every other kind of packet
is cut out and handed on as it is. Sources: OASIS, "MQTT Version 5.0" and "MQTT Version 3.1.1".
"""

from __future__ import annotations

import struct
from typing import NamedTuple, TypeAlias

from bridges.mqtt.properties import (
    NO_PROPERTIES,
    PacketFault,
    PublishProperties,
    pack_publish_properties,
    pack_text,
    pack_varint,
    read_varint,
    unpack_publish_properties,
)

PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = 0x30, 0x40, 0x50, 0x60, 0x70

_HEAD = struct.Struct(">BBH")
_KEPT_NAMES = 10_000
_KEPT_BLOCKS = 1_000
_NAME_FAULTS = ("\0", "+", "#")


class Publish(NamedTuple):
    """A PUBLISH. `packet_id` is 0 at QoS 0."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    dup: bool = False
    packet_id: int = 0
    properties: PublishProperties = NO_PROPERTIES


class Ack(NamedTuple):
    """A PUBACK, PUBREC, PUBREL or PUBCOMP, told apart by `kind`."""

    kind: int
    packet_id: int
    reason_code: int = 0


class Other(NamedTuple):
    """Any other packet: its first byte, and what follows its length."""

    first: int
    body: bytes


Packet: TypeAlias = Publish | Ack | Other


class Parser:
    """Cuts one connection's bytes into packets. A fault ends it: what came before the fault is still answered."""

    def __init__(self, *, is_v5: bool) -> None:
        self.fault: PacketFault | None = None
        self._is_v5 = is_v5
        self._pieces: list[bytes] = []
        self._held = 0
        self._needed = 2
        self._names: dict[bytes, str] = {}
        self._blocks: dict[bytes, PublishProperties] = {}

    def feed(self, data: bytes) -> list[Packet]:
        """The packets that these bytes complete. After a fault (see `fault`) there are none any more."""
        if self.fault is not None:
            return []
        if self._pieces:
            self._pieces.append(data)
            self._held += len(data)
            if self._held < self._needed:
                return []
            data = b"".join(self._pieces)
            self._pieces.clear()
        packets: list[Packet] = []
        used = 0
        try:
            used = self._cut(data, packets)
        except PacketFault as fault:
            self.fault = fault
            return packets
        if used < len(data):
            self._pieces.append(data[used:])
            self._held = len(data) - used
        return packets

    def _cut(self, data: bytes, packets: list[Packet]) -> int:
        """Append every whole packet; answer how many bytes they took, and note how many the next one needs."""
        pos, end = 0, len(data)
        append = packets.append
        self._needed = 2
        while end - pos >= 2:
            first, length, start = data[pos], data[pos + 1], pos + 2
            if length >= 0x80:
                if end - pos < 5 and data[end - 1] >= 0x80:
                    self._needed = end - pos + 1
                    break
                length, start = read_varint(data, pos + 1, end)
            stop = start + length
            if stop > end:
                self._needed = stop - pos
                break
            kind = first & 0xF0
            if kind == PUBLISH:
                append(self._publish(first, data, start, stop=stop))
            elif PUBACK <= kind <= PUBCOMP:
                append(_ack(first, data, start, stop=stop))
            else:
                append(Other(first, data[start:stop]))
            pos = stop
        return pos

    def _publish(self, first: int, data: bytes, start: int, *, stop: int) -> Publish:
        qos = (first >> 1) & 3
        if qos == 3:
            raise PacketFault("a PUBLISH of QoS 3")
        pos = start + 2
        if pos > stop:
            raise PacketFault("a PUBLISH is cut short")
        name_end = pos + (data[start] << 8) + data[start + 1]
        raw = data[pos:name_end]
        pos = name_end
        packet_id = 0
        if qos:
            pos += 2
            if pos <= stop:
                packet_id = (data[pos - 2] << 8) + data[pos - 1]
        if pos > stop:
            raise PacketFault("a PUBLISH is cut short")
        if qos and not packet_id:
            raise PacketFault("a PUBLISH with packet id 0")
        properties = NO_PROPERTIES
        if self._is_v5:
            properties, pos = self._properties(data, pos, stop)
        topic = self._names.get(raw) or self._name(raw)
        return Publish(topic, data[pos:stop], qos, first & 1 == 1, first & 8 == 8, packet_id, properties)

    def _properties(self, data: bytes, pos: int, stop: int) -> tuple[PublishProperties, int]:
        length, pos = read_varint(data, pos, stop)
        if not length:
            return NO_PROPERTIES, pos
        end = pos + length
        if end > stop:
            raise PacketFault("the properties of a PUBLISH are cut short")
        block = data[pos:end]
        # Most messages say the same few bytes again and again: the identifier of their subscription.
        if length > 6:
            return _checked(unpack_publish_properties(block)), end
        known = self._blocks.get(block)
        if known is None:
            if len(self._blocks) >= _KEPT_BLOCKS:
                self._blocks.clear()
            known = self._blocks[block] = _checked(unpack_publish_properties(block))
        return known, end

    def _name(self, raw: bytes) -> str:
        try:
            topic = raw.decode()
        except UnicodeDecodeError:
            raise PacketFault("a topic is not UTF-8") from None
        if not topic or any(sign in topic for sign in _NAME_FAULTS):
            raise PacketFault(f"a PUBLISH to the impossible topic {topic[:100]!r}", 0x90)
        if len(self._names) >= _KEPT_NAMES:
            self._names.clear()
        self._names[raw] = topic
        return topic


def _checked(properties: PublishProperties) -> PublishProperties:
    if properties.topic_alias:
        raise PacketFault("a topic alias, though none was allowed", 0x94)
    return properties


def _ack(first: int, data: bytes, start: int, *, stop: int) -> Ack:
    kind = first & 0xF0
    if first & 0x0F != (2 if kind == PUBREL else 0):
        raise PacketFault(f"wrong flags in an acknowledgement: 0x{first:02X}")
    if stop - start < 2:
        raise PacketFault("an acknowledgement is cut short")
    packet_id = (data[start] << 8) + data[start + 1]
    return Ack(kind, packet_id, data[start + 2] if stop - start > 2 else 0)


def encode_publish(publish: Publish, *, is_v5: bool) -> bytes:
    """The packet's bytes; raises ValueError for a text, bytes or a packet that is too long."""
    first = PUBLISH | publish.dup << 3 | publish.qos << 1 | publish.retain
    head = pack_text(publish.topic)
    if publish.qos:
        head += publish.packet_id.to_bytes(2, "big")
    block = pack_publish_properties(publish.properties) if is_v5 else b""
    return join_publish(first, head, block, payload=publish.payload)


def join_publish(first: int, head: bytes, block: bytes, *, payload: bytes) -> bytes:
    """A PUBLISH of packed parts: topic and packet id, then the property block; raises ValueError if it is too long."""
    return b"".join((bytes((first,)), pack_varint(len(head) + len(block) + len(payload)), head, block, payload))


def encode_ack(kind: int, packet_id: int, reason_code: int = 0) -> bytes:
    """The bytes of a PUBACK, PUBREC, PUBREL or PUBCOMP. Only MQTT 5 knows a reason code other than 0."""
    first = kind | 2 if kind == PUBREL else kind
    if reason_code:
        return _HEAD.pack(first, 3, packet_id) + bytes((reason_code,))
    return _HEAD.pack(first, 2, packet_id)
