"""Whatever is sent, the hub says what is wrong with it, keeps it, and goes on with the next message."""

from __future__ import annotations

import json
from collections.abc import Iterator
from uuid import uuid4

import pytest

from hub.tests.system.http_client import Api
from hub.tests.system.ledger import assert_ledger_balances
from hub.tests.system.mqtt_peer import MqttPeer
from hub.tests.system.questions import connected_since, dead_letters, deliveries, payloads, wait_until_connected
from hub.tests.system.waiting import wait_for
from hub.tests.system.world import World
from simulators.pseudo_terminal import PseudoTerminal

LINKS = ("broker:plant", "broker:meters", "device:scale")
PACKET = {"device_id": "esp-7", "timestamp": "2026-01-12T16:39:00Z", "measurements": {"temperature": 21.5}}
BAD_MESSAGES = {
    "invalid UTF-8": ("in/json", b'{"id": "\xff\xfe"}', "UTF-8"),
    "NaN": ("in/json", b'{"id": "a", "t": NaN}', "not JSON"),
    "nothing": ("in/json", b"", "empty"),
    "cut short": ("in/json", b'{"id": "a", "t": 2', "not JSON"),
    "a key twice": ("in/json", b'{"id": "a", "id": "b"}', "twice"),
    "nested too deep": ("in/json", b"[" * 5000 + b"]" * 5000, ""),
    "an endless device name": ("in/json", b'{"id": "' + b"x" * 5000 + b'"}', "id"),
    "ten megabytes": ("in/json", b'{"id": "' + b"x" * 10_000_000 + b'"}', "limit"),
    "invalid UTF-8 as text": ("in/text", b"\xc3\x28 and on", "utf-8"),
    "a packet without measurements": ("in/packet", b'{"device_id": "esp-7"}', "/measurements is missing"),
    "a packet of a device with '#'": ("in/packet", json.dumps({**PACKET, "device_id": "a#b"}).encode(), "/device_id"),
}
ODD_BUT_STORED = {
    "NUL in a text": ("in/json", b'{"id": "a", "name": "a\\u0000b"}'),
    "a lone surrogate": ("in/text", b"a \\ud800 b"),
    "a number beyond 64 bits": ("in/json", b'{"id": "a", "t": 123456789012345678901234567890}'),
    "any bytes": ("in/bytes", bytes(range(256))),
    "NUL in plain text": ("in/text", b"a\x00b"),
}
ODD_TOPICS = ("odd/a b/c", "odd//", "odd//x//", "odd/$SYS/x", "odd/äöü/\U0001f600", "odd/" + "x" * 5000)
BAD_PACKETS = {
    "no JSON": (b"{", ""),
    "NaN": (b'{"device_id": "a", "timestamp": 1, "measurements": {"t": NaN}}', ""),
    "not UTF-8": (b'{"device_id": "\xff"}', ""),
    "no measurements": (json.dumps({"device_id": "a", "timestamp": 1768235940}).encode(), "/measurements"),
    "a blank in the name": (json.dumps({**PACKET, "device_id": "a b"}).encode(), "/device_id"),
    "a text for a number": (json.dumps({**PACKET, "measurements": {"t": "warm"}}).encode(), "/measurements/t"),
}


def configuration(world: World) -> str:
    """Every kind of codec takes part."""
    topics = "\n".join(
        f"  - {{name: in-{codec}, broker: plant, direction: in, filter: in/{codec}, qos: 1, codec: {codec}{options}}}"
        for codec, options in {
            "json": ", codec_options: {device_key: id}",
            "text": "",
            "bytes": "",
            "packet": "",
        }.items()
    )
    return f"""
version: 1
brokers:
{world.broker_lines("plant")}
{world.broker_lines("meters")}
devices:
  - {{name: scale, driver: lines, port: {world.port("scale")}}}
topics:
{topics}
  - {{name: odd, broker: plant, direction: in, filter: "odd/#", qos: 1, codec: text}}
  - {{name: by-device, broker: meters, direction: out, filter: "device/{{device}}", qos: 1}}
  - {{name: all, broker: meters, direction: out, filter: all, qos: 1}}
rules:
  - {{name: by device, sources: [{{topic: in-json}}], actions: [{{publish: by-device}}]}}
  - {{name: all, sources: [{{topic: odd}}, {{topic: in-text}}, {{device: scale}}], actions: [{{publish: all}}]}}
"""


@pytest.fixture(scope="module")
def scale(world: World) -> PseudoTerminal:
    return world.wire("scale")


@pytest.fixture(scope="module")
def running(world: World, scale: PseudoTerminal) -> World:
    """The running hub."""
    world.hub.configure(configuration(world))
    world.hub.start_worker()
    world.hub.start_web()
    wait_until_connected(world.database, *LINKS)
    return world


@pytest.fixture(scope="module")
def peer(running: World) -> MqttPeer:
    return running.peer(running.plant)


@pytest.fixture(autouse=True)
def all_goes_on(running: World, peer: MqttPeer, scale: PseudoTerminal) -> Iterator[None]:
    """After each test the next message goes its way, no link was lost, and the ledger balances."""
    since = [connected_since(running.database, key) for key in LINKS]
    consumer = running.peer(running.meters, [("device/next", 1), ("all", 1)])
    yield
    mark = uuid4().hex
    peer.publish("in/json", json.dumps({"id": "next", "mark": mark}))
    scale.write(f"\r\nnext {mark}\r\n".encode())
    consumer.wait(
        lambda messages: any(mark.encode() in message.payload for message in messages if "/" in message.topic)
    )
    consumer.wait_for_payload(f"next {mark}".encode())
    assert [connected_since(running.database, key) for key in LINKS] == since
    assert_ledger_balances(running.database)


@pytest.mark.parametrize("name", BAD_MESSAGES)
def test_a_message_that_cannot_be_decoded_is_kept_as_a_dead_letter(running: World, peer: MqttPeer, name: str) -> None:
    topic, payload, reason = BAD_MESSAGES[name]
    before = len(dead_letters(running.database, topic=topic))
    peer.publish(topic, payload)
    wait_for(lambda: len(dead_letters(running.database, topic=topic)) == before + 1, what="the dead letter")
    stage, words = dead_letters(running.database, topic=topic)[-1]
    assert stage == "decode"
    assert words
    assert reason in words
    faulty = "SELECT payload FROM telemetry_message WHERE fault <> '' AND topic = %s ORDER BY id DESC LIMIT 1"
    assert bytes(running.database.value(faulty, topic)) == payload


@pytest.mark.parametrize("name", ODD_BUT_STORED)
def test_an_odd_message_is_stored_byte_for_byte(running: World, peer: MqttPeer, name: str) -> None:
    topic, payload = ODD_BUT_STORED[name]
    peer.publish(topic, payload)
    wait_for(lambda: payload in payloads(running.database, "broker:plant", topic=topic), what="it is stored")


@pytest.mark.parametrize("topic", ODD_TOPICS, ids=lambda topic: topic[:12])
def test_an_odd_topic_is_stored_as_it_is_and_passed_on(running: World, peer: MqttPeer, topic: str) -> None:
    consumer = running.peer(running.meters, [("all", 1)])
    payload = f"on {topic[:20]}".encode()
    peer.publish(topic, payload)
    consumer.wait_for_payload(payload)
    assert payloads(running.database, "broker:plant", topic=topic) == [payload]


@pytest.mark.parametrize("device", ["a#b", "a+b", "a/b", "a\\u0000b"])
def test_a_device_name_that_no_topic_can_hold_ends_as_a_dead_letter(
    running: World, peer: MqttPeer, device: str
) -> None:
    before = len(deliveries(running.database, "broker:meters", "dead"))
    count = len(dead_letters(running.database, topic="in/json"))
    peer.publish("in/json", f'{{"id": "{device}"}}')

    def is_dead() -> bool:
        """By its address; a name that can be no name at all dies at the codec."""
        dead = deliveries(running.database, "broker:meters", "dead")
        return len(dead) == before + 1 or len(dead_letters(running.database, topic="in/json")) == count + 1

    wait_for(is_dead, what="the dead letter")
    reasons = [reason for _, _, reason in deliveries(running.database, "broker:meters", "dead")]
    assert all(reasons)


def test_a_serial_line_without_end_is_kept_as_a_dead_letter(running: World, scale: PseudoTerminal) -> None:
    before = len(dead_letters(running.database))
    for _ in range(20):
        scale.write(b"x" * 1000)
    wait_for(lambda: len(dead_letters(running.database)) > before, what="the dead letter")
    stage, reason = dead_letters(running.database)[-1]
    assert stage == "decode"
    assert "256" in reason
    assert len(dead_letters(running.database)) == before + 1


def test_a_serial_line_in_another_character_set_is_kept_as_a_dead_letter(running: World, scale: PseudoTerminal) -> None:
    before = len(dead_letters(running.database))
    scale.write(b"21.5 \xb0C\r\n")
    wait_for(lambda: len(dead_letters(running.database)) == before + 1, what="the dead letter")
    assert "0xb0" in dead_letters(running.database)[-1][1]


@pytest.mark.parametrize("name", BAD_PACKETS)
def test_a_bad_packet_is_refused_with_its_fault_and_place(running: World, name: str) -> None:
    body, path = BAD_PACKETS[name]
    answer = Api(running.hub.port, running.hub.api_key).post("packets", raw=body)
    assert answer.status == 400
    assert answer.body["code"]
    assert not path or path in [fault["path"] for fault in answer.body["errors"]]
    assert payloads(running.database, "packets") == []


def test_a_packet_of_ten_megabytes_is_refused(running: World) -> None:
    body = json.dumps({**PACKET, "status": "x" * 10_000_000}).encode()
    assert Api(running.hub.port, running.hub.api_key).post("packets", raw=body).status == 413
