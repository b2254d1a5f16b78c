"""The openmqttgateway codec: Bluetooth sensors, gateways, and events that are no measurements."""

from typing import Any

import pytest

from bridges.codecs.openmqttgateway import OpenMqttGatewayCodec
from bridges.tests.decoding import decode, said

BLE = "home/gw/BTtoMQTT/4C33A6603C79"


def test_numbers_in_text_are_read_and_fahrenheit_is_not_said_twice() -> None:
    decoded = decode(OpenMqttGatewayCodec(), BLE, {"hum": "52.5", "tempf": "66.56", "tempc": "19.2"})
    assert said(decoded) == {"humidity": "52.5 %", "temperature": "19.2 °C"}
    assert said(decode(OpenMqttGatewayCodec(), BLE, {"tempf": 66.5})) == {"temperature": "66.5 °F"}


@pytest.mark.parametrize(
    ("values", "device"),
    [({"id": "4c:33:a6:60:3c:79"}, "4C33A6603C79"), ({"mac": "AA:BB:CC:DD:EE:FF"}, "AABBCCDDEEFF"), ({"id": "x"}, "")],
)
def test_a_sensor_is_named_by_its_address_without_colons(values: dict[str, Any], device: str) -> None:
    decoded = decode(OpenMqttGatewayCodec(), BLE, values)
    assert (decoded.device, decoded.topic_device) == (device, "4C33A6603C79")


def test_hexadecimal_data_is_no_number() -> None:
    advertised = {
        "id": "4c:33:a6:60:3c:79",
        "servicedata": "1234",
        "manufacturerdata": "99",
        "mac_type": 0,
        "rssi": -89,
    }
    assert said(decode(OpenMqttGatewayCodec(), BLE, advertised)) == {"rssi": "-89 dBm"}


def test_a_scale_says_its_unit_beside_the_weight() -> None:
    assert said(decode(OpenMqttGatewayCodec(), BLE, {"weight": 61.75, "unit": "kg"})) == {"weight": "61.75 kg"}
    assert said(decode(OpenMqttGatewayCodec(), BLE, {"weight": 61.75, "unit": 5})) == {"weight": "61.75"}


@pytest.mark.parametrize("kind", ["433toMQTT", "IRtoMQTT", "SRFBtoMQTT", "commands/MQTTto433"])
def test_codes_are_events(kind: str) -> None:
    decoded = decode(OpenMqttGatewayCodec(), f"home/gw/{kind}", {"value": 1315156, "rssi": -50})
    assert (decoded.value, decoded.readings) == ({"value": 1315156, "rssi": -50}, ())


def test_what_rtl_433_decodes_is_read_as_rtl_433_has_it() -> None:
    decoded = decode(OpenMqttGatewayCodec(), "home/gw/RTL_433toMQTT/A/1", {"model": "A", "id": 1, "temperature_C": 2.5})
    assert (decoded.device, said(decoded)) == ("A-1", {"temperature": "2.5 °C"})


def test_the_gateway_speaks_of_itself() -> None:
    decoded = decode(OpenMqttGatewayCodec(), "home/gw/SYStoMQTT", {"uptime": 60, "freemem": 100000, "version": "1"})
    assert (decoded.topic_device, said(decoded)) == ("gw", {"uptime": "60 s", "free_memory": "100000 B"})
    assert decode(OpenMqttGatewayCodec(), "home/gw/LWT", "offline").value == {"available": False}
    assert decode(OpenMqttGatewayCodec(), "home/gw/version", "1.7").readings == ()
