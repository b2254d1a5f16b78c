"""The property block of an MQTT 5 PUBLISH, to values and back. Pure; it knows no packet and no connection.

Source: OASIS, "MQTT Version 5.0", section 2.2.2.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import NamedTuple


class PacketFault(ValueError):
    """Bytes that no MQTT packet may hold. `reason_code` is what MQTT 5 calls the fault."""

    def __init__(self, message: str, reason_code: int = 0x81) -> None:
        super().__init__(message)
        self.reason_code = reason_code


class PublishProperties(NamedTuple):
    """What a PUBLISH may say beside its payload. None, '' and 0 stand for a property that is absent."""

    user: tuple[tuple[str, str], ...] = ()
    subscription_identifiers: tuple[int, ...] = ()
    message_expiry_s: int | None = None
    content_type: str = ""
    response_topic: str = ""
    correlation_data: bytes = b""
    topic_alias: int = 0
    payload_format: int = 0

    def as_texts(self) -> dict[str, str]:
        """The user properties (the last of equal names), and the reserved names that carry the rest."""
        texts = dict(self.user)
        if self.response_topic:
            texts["response_topic"] = self.response_topic
        if self.correlation_data:
            texts["correlation_data"] = self.correlation_data.hex()
        if self.content_type:
            texts["content_type"] = self.content_type
        return texts


NO_PROPERTIES = PublishProperties()

_PAYLOAD_FORMAT, _EXPIRY, _CONTENT_TYPE, _RESPONSE_TOPIC = 0x01, 0x02, 0x03, 0x08
_CORRELATION, _SUBSCRIPTION, _ALIAS, _USER = 0x09, 0x0B, 0x23, 0x26
_U16 = struct.Struct(">H")
_U32 = struct.Struct(">I")
_LARGEST_VARINT = 268_435_455


def read_varint(data: bytes, pos: int, stop: int) -> tuple[int, int]:
    """A variable byte integer at `pos` and the position behind it; raises PacketFault."""
    value = shift = 0
    for at in range(pos, min(pos + 4, stop)):
        byte = data[at]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at + 1
        shift += 7
    raise PacketFault("a variable length is cut short or longer than four bytes")


def pack_varint(value: int) -> bytes:
    """A variable byte integer; raises ValueError beyond 268,435,455."""
    if value < 0x80:
        return bytes((value,))
    if value > _LARGEST_VARINT:
        raise ValueError("more than an MQTT packet can hold")
    packed = bytearray()
    while value >= 0x80:
        packed.append(value & 0x7F | 0x80)
        value >>= 7
    packed.append(value)
    return bytes(packed)


def pack_text(text: str) -> bytes:
    """A text with its length in front; raises ValueError if it is too long or is no text that UTF-8 can say."""
    return pack_binary(text.encode())


def pack_binary(data: bytes) -> bytes:
    """Bytes with their length in front; raises ValueError if there are too many."""
    if len(data) > 65_535:
        raise ValueError("longer than 65,535 bytes")
    return _U16.pack(len(data)) + data


def unpack_publish_properties(block: bytes) -> PublishProperties:
    """The properties that a PUBLISH carries; raises PacketFault."""
    reader = _Reader(block)
    user: list[tuple[str, str]] = []
    identifiers: list[int] = []
    single: dict[int, int | bytes | str] = {}
    while reader.pos < len(block):
        kind = block[reader.pos]
        reader.pos += 1
        if kind == _USER:
            user.append((reader.text(), reader.text()))
        elif kind == _SUBSCRIPTION:
            identifiers.append(_positive(reader.varint(), "subscription identifier"))
        elif kind in single:
            raise PacketFault(f"property 0x{kind:02X} is there twice", 0x82)
        else:
            single[kind] = reader.single(kind)
    return _assemble(tuple(user), tuple(identifiers), single)


def _assemble(
    user: tuple[tuple[str, str], ...], identifiers: tuple[int, ...], single: Mapping[int, int | bytes | str]
) -> PublishProperties:
    expiry = single.get(_EXPIRY)
    correlation = single.get(_CORRELATION, b"")
    return PublishProperties(
        user=user,
        subscription_identifiers=identifiers,
        message_expiry_s=None if expiry is None else int(expiry),
        content_type=str(single.get(_CONTENT_TYPE, "")),
        response_topic=str(single.get(_RESPONSE_TOPIC, "")),
        correlation_data=correlation if isinstance(correlation, bytes) else b"",
        topic_alias=int(single.get(_ALIAS, 0)),
        payload_format=int(single.get(_PAYLOAD_FORMAT, 0)),
    )


def _positive(value: int, name: str) -> int:
    if value == 0:
        raise PacketFault(f"a {name} of 0", 0x82)
    return value


class _Reader:
    """Takes one value after the other out of a block, and never reads beyond its end."""

    def __init__(self, block: bytes) -> None:
        self.block = block
        self.pos = 0

    def take(self, count: int) -> bytes:
        piece = self.block[self.pos : self.pos + count]
        if len(piece) != count:
            raise PacketFault("a property is cut short")
        self.pos += count
        return piece

    def varint(self) -> int:
        value, self.pos = read_varint(self.block, self.pos, len(self.block))
        return value

    def binary(self) -> bytes:
        (length,) = _U16.unpack(self.take(2))
        return self.take(length)

    def text(self) -> str:
        try:
            return self.binary().decode()
        except UnicodeDecodeError:
            raise PacketFault("a property is not UTF-8") from None

    def single(self, kind: int) -> int | bytes | str:
        """The value of a property that may be there once."""
        if kind == _EXPIRY:
            return int(_U32.unpack(self.take(4))[0])
        if kind in (_CONTENT_TYPE, _RESPONSE_TOPIC):
            return self.text()
        if kind == _CORRELATION:
            return self.binary()
        if kind == _ALIAS:
            return _positive(int(_U16.unpack(self.take(2))[0]), "topic alias")
        if kind == _PAYLOAD_FORMAT:
            return self.take(1)[0]
        raise PacketFault(f"property 0x{kind:02X} has no place in a PUBLISH")


def pack_user_property(name: str, value: str) -> bytes:
    """One user property; raises ValueError if it is too long."""
    return b"\x26" + pack_text(name) + pack_text(value)


def pack_expiry(seconds: int) -> bytes:
    """The message expiry property."""
    return b"\x02" + _U32.pack(seconds)


def pack_correlation(data: bytes) -> bytes:
    """The correlation data property; raises ValueError beyond 65,535 bytes."""
    return b"\x09" + pack_binary(data)


def pack_publish_properties(properties: PublishProperties) -> bytes:
    """The block with its length in front; raises ValueError for a text or bytes that are too long."""
    if properties == NO_PROPERTIES:
        return b"\x00"
    parts: list[bytes] = []
    if properties.payload_format:
        parts.append(bytes((_PAYLOAD_FORMAT, properties.payload_format)))
    if properties.message_expiry_s is not None:
        parts.append(pack_expiry(properties.message_expiry_s))
    if properties.content_type:
        parts.append(b"\x03" + pack_text(properties.content_type))
    if properties.response_topic:
        parts.append(b"\x08" + pack_text(properties.response_topic))
    if properties.correlation_data:
        parts.append(b"\x09" + pack_binary(properties.correlation_data))
    if properties.topic_alias:
        parts.append(b"\x23" + _U16.pack(properties.topic_alias))
    parts.extend(b"\x0b" + pack_varint(number) for number in properties.subscription_identifiers)
    parts.extend(pack_user_property(name, value) for name, value in properties.user)
    block = b"".join(parts)
    return pack_varint(len(block)) + block
