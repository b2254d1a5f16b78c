"""The packets of an MQTT message, to values and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridges.mqtt.packets import (
    PUBACK,
    PUBCOMP,
    PUBLISH,
    PUBREC,
    PUBREL,
    Ack,
    Other,
    Packet,
    Parser,
    Publish,
    encode_ack,
    encode_publish,
)
from bridges.mqtt.properties import PublishProperties, pack_varint, read_varint

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
topics = st.text(st.characters(exclude_characters="\0+#", exclude_categories=["Cs"]), min_size=1, max_size=40)
properties = st.builds(
    PublishProperties,
    user=st.lists(st.tuples(texts, texts), max_size=4).map(tuple),
    subscription_identifiers=st.lists(st.integers(1, 268_435_455), max_size=3).map(tuple),
    message_expiry_s=st.none() | st.integers(0, 2**32 - 1),
    content_type=texts,
    response_topic=texts,
    correlation_data=st.binary(max_size=20),
    topic_alias=st.just(0),
    payload_format=st.integers(0, 1),
)


@st.composite
def publishes(draw: st.DrawFn, *, is_v5: bool) -> Publish:
    qos = draw(st.integers(0, 2))
    return Publish(
        topic=draw(topics),
        payload=draw(st.binary(max_size=300)),
        qos=qos,
        retain=draw(st.booleans()),
        dup=draw(st.booleans()),
        packet_id=draw(st.integers(1, 65_535)) if qos else 0,
        properties=draw(properties) if is_v5 else PublishProperties(),
    )


def acks(*, is_v5: bool) -> st.SearchStrategy[Ack]:
    codes = st.integers(0, 255) if is_v5 else st.just(0)
    return st.builds(Ack, st.sampled_from([PUBACK, PUBREC, PUBREL, PUBCOMP]), st.integers(1, 65_535), codes)


def encode(packet: Packet, *, is_v5: bool) -> bytes:
    if isinstance(packet, Publish):
        return encode_publish(packet, is_v5=is_v5)
    if isinstance(packet, Ack):
        return encode_ack(packet.kind, packet.packet_id, packet.reason_code)
    return bytes((packet.first,)) + pack_varint(len(packet.body)) + packet.body


def streams(*, is_v5: bool) -> st.SearchStrategy[list[Packet]]:
    others = st.builds(Other, st.sampled_from([0x20, 0x90, 0xB0, 0xD0, 0xE0]), st.binary(max_size=200))
    return st.lists(publishes(is_v5=is_v5) | acks(is_v5=is_v5) | others, max_size=8)


@pytest.mark.parametrize("is_v5", [True, False])
@given(data=st.data())
def test_any_packets_survive_the_wire_however_it_splits_them(is_v5: bool, data: st.DataObject) -> None:
    packets = data.draw(streams(is_v5=is_v5))
    wire = b"".join(encode(packet, is_v5=is_v5) for packet in packets)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=6)))
    parser = Parser(is_v5=is_v5)
    seen: list[Packet] = []
    for begin, end in zip([0, *cuts], [*cuts, len(wire)], strict=True):
        seen += parser.feed(wire[begin:end])
    assert seen == packets
    assert parser.fault is None


@given(st.binary(max_size=400), st.booleans())
def test_no_bytes_break_the_parser_other_than_by_its_fault(noise: bytes, is_v5: bool) -> None:
    parser = Parser(is_v5=is_v5)
    for at in range(0, len(noise), 7):
        parser.feed(noise[at : at + 7])
    if parser.fault is not None:
        assert str(parser.fault)
        assert parser.feed(encode_ack(PUBACK, 1)) == []


@given(st.integers(0, 268_435_455))
def test_a_variable_length_survives(value: int) -> None:
    packed = pack_varint(value)
    assert read_varint(packed, 0, len(packed)) == (value, len(packed))


def test_a_variable_length_beyond_what_a_packet_holds_is_refused() -> None:
    with pytest.raises(ValueError, match="more than"):
        pack_varint(268_435_456)


def test_a_large_packet_in_many_pieces_is_put_together_once() -> None:
    packet = Publish("t", b"x" * 3_000_000, 1, packet_id=7)
    wire = encode_publish(packet, is_v5=True)
    parser = Parser(is_v5=True)
    seen = [packet for at in range(0, len(wire), 4096) for packet in parser.feed(wire[at : at + 4096])]
    assert seen == [packet]


@pytest.mark.parametrize(
    ("wire", "said"),
    [
        (b"\x36\x05\x00\x01t\x00\x01", "QoS 3"),
        (b"\x32\x05\x00\x01t\x00\x00", "packet id 0"),
        (b"\x30\x02\x00\x00", "impossible topic"),
        (b"\x30\x05\x00\x03a/#", "impossible topic"),
        (b"\x30\x05\x00\x03a/+", "impossible topic"),
        (b"\x30\x05\x00\x03a\x00b", "impossible topic"),
        (b"\x30\x04\x00\x02\xff\xfe", "not UTF-8"),
        (b"\x30\x01\x00", "cut short"),
        (b"\x30\x04\x00\x09ab", "cut short"),
        (b"\x32\x04\x00\x02ab", "cut short"),
        (b"\x41\x02\x00\x01", "wrong flags"),
        (b"\x60\x02\x00\x01", "wrong flags"),
        (b"\x40\x01\x00", "cut short"),
        (b"\x30\xff\xff\xff\xff\x01", "four bytes"),
    ],
)
def test_a_malformed_packet_is_a_fault_in_words(wire: bytes, said: str) -> None:
    parser = Parser(is_v5=False)
    assert parser.feed(wire) == []
    assert said in str(parser.fault)


@pytest.mark.parametrize(
    ("block", "said"),
    [
        (b"\x23\x00\x01", "topic alias"),
        (b"\x23\x00\x00", "topic alias"),
        (b"\x0b\x00", "subscription identifier of 0"),
        (b"\x01\x00\x01\x00", "twice"),
        (b"\x11\x00\x00\x00\x00", "no place"),
        (b"\x03\x00\x05ab", "cut short"),
        (b"\x03\x00\x02\xff\xfe", "not UTF-8"),
        (b"\x26\x00\x01a", "cut short"),
        (b"\x02\x00", "cut short"),
    ],
)
def test_a_malformed_property_is_a_fault_in_words(block: bytes, said: str) -> None:
    parser = Parser(is_v5=True)
    body = b"\x00\x01t" + pack_varint(len(block)) + block + b"payload"
    assert parser.feed(bytes((PUBLISH,)) + pack_varint(len(body)) + body) == []
    assert said in str(parser.fault)


def test_packets_before_a_fault_are_still_handed_out() -> None:
    parser = Parser(is_v5=True)
    assert parser.feed(encode_ack(PUBACK, 9) + b"\x36\x00") == [Ack(PUBACK, 9)]
    assert parser.fault is not None


def test_the_reserved_names_carry_what_is_not_a_user_property() -> None:
    said = PublishProperties(
        user=(("id", "1"), ("id", "2")), response_topic="r/t", correlation_data=b"\x01\xff", content_type="text/plain"
    )
    assert said.as_texts() == {
        "id": "2",
        "response_topic": "r/t",
        "correlation_data": "01ff",
        "content_type": "text/plain",
    }


def test_a_text_longer_than_a_property_may_be_is_refused() -> None:
    with pytest.raises(ValueError, match="65,535"):
        encode_publish(Publish("t", b"", properties=PublishProperties(user=(("k", "v" * 65_536),))), is_v5=True)
