"""The zigbee2mqtt codec: devices, single attributes, availability, and what is no measurement."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bridges.codecs.zigbee2mqtt import Zigbee2MqttCodec
from bridges.tests.decoding import decode, said


def test_a_device_is_read_under_its_friendly_name() -> None:
    values = {
        "battery": 97, "humidity": 45.5, "temperature": None, "linkquality": 224, "contact": True, "action": "single",
        "last_seen": 1785138101000, "update": {"installed_version": 268449287}, "device": {"networkAddress": 5},
    }  # fmt: skip
    decoded = decode(Zigbee2MqttCodec(), "zigbee2mqtt/first floor/Temperatur Büro", values)
    assert said(decoded) == {"battery": "97 %", "humidity": "45.5 %", "linkquality": "224"}
    assert decoded.topic_device == "first floor/Temperatur Büro"
    assert decoded.time == datetime(2026, 7, 27, 7, 41, 41, tzinfo=UTC)


@pytest.mark.parametrize(
    ("beside", "unit"),
    [
        ({"battery": 97}, "3 mV"),
        ({"battery": None}, "3 mV"),
        ({"power": 0}, "3 V"),
        ({"energy": None}, "3 V"),
        ({}, "3"),
    ],
)
def test_what_a_voltage_means_is_told_by_what_stands_beside_it(beside: dict[str, Any], unit: str) -> None:
    assert said(decode(Zigbee2MqttCodec(), "zigbee2mqtt/a", {"voltage": 3, **beside}))["voltage"] == unit


@pytest.mark.parametrize(
    ("topic", "payload", "flag", "device"),
    [
        ("zigbee2mqtt/my bulb/availability", '{"state":"online"}', True, "my bulb"),
        ("zigbee2mqtt/my bulb/availability", "offline", False, "my bulb"),
        ("zigbee2mqtt/bridge/state", '{"state":"offline"}', False, "zigbee2mqtt"),
        ("zigbee2mqtt/bridge/state", "online", True, "zigbee2mqtt"),
    ],
)
def test_availability_has_old_and_new_forms(topic: str, payload: str, flag: bool, device: str) -> None:
    decoded = decode(Zigbee2MqttCodec(), topic, payload)
    assert (decoded.value, decoded.topic_device, decoded.readings) == ({"available": flag}, device, ())


@pytest.mark.parametrize(
    "topic",
    ["bridge/devices", "bridge/logging", "lamp/set", "lamp/get", "lamp/set/brightness", "first floor/lamp/set"],
)
def test_the_bridge_and_commands_have_no_readings(topic: str) -> None:
    assert decode(Zigbee2MqttCodec(), f"zigbee2mqtt/{topic}", '{"brightness": 5}').readings == ()


def test_one_attribute_a_topic_is_read_too() -> None:
    decoded = decode(Zigbee2MqttCodec(), "zigbee2mqtt/first floor/z1/power", "11.5")
    assert (said(decoded), decoded.topic_device) == ({"power": "11.5 W"}, "first floor/z1")
    assert decode(Zigbee2MqttCodec(), "zigbee2mqtt/z1/state", "OFF").readings == ()
    assert decode(Zigbee2MqttCodec(), "zigbee2mqtt/z1/last_seen", "1785138101000").readings == ()


def test_the_base_topic_is_an_option() -> None:
    decoded = decode(Zigbee2MqttCodec({"base": "home/z2m/"}), "home/z2m/lamp", {"power": 1})
    assert decoded.topic_device == "lamp"
