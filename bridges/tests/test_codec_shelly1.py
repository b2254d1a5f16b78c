"""The shelly1 codec: plain values, their units and their device."""

import pytest

from bridges.codecs.shelly1 import Shelly1Codec
from bridges.tests.decoding import decode, said
from telemetry.values import DecodeFault


@pytest.mark.parametrize(
    ("topic", "payload", "reading"),
    [
        ("shellies/em3/emeter/0/power", "12.5", {"emeter.0.power": "12.5 W"}),
        ("shellies/em3/emeter/0/total", "1000", {"emeter.0.total": "1000 Wh"}),
        ("shellies/em3/emeter/0/pf", "0.9", {"emeter.0.pf": "0.9"}),
        ("shellies/p/relay/0/energy", "77", {"relay.0.energy": "77 W·min"}),
        ("shellies/p/temperature", "41.5", {"temperature": "41.5 °C"}),
        ("shellies/p/ext_temperature/0", "21.5", {"ext_temperature.0": "21.5 °C"}),
        ("shellies/ht/sensor/temperature", "70.5", {"sensor.temperature": "70.5"}),
        ("shellies/ht/sensor/humidity", "40", {"sensor.humidity": "40 %"}),
        ("shellies/r/roller/0/pos", "50", {"roller.0.pos": "50 %"}),
        ("shellies/i3/input/0", "1", {"input.0": "1"}),
        ("shellies/p/temperature_f", "106.7", {}),
        ("shellies/p/relay/0", "off", {}),
        ("shellies/p/relay/0/command", "1", {}),
        ("shellies/p/voltage", "nan", {}),
        ("shellies/p/unknown", "5", {}),
        ("shellies/announce", '{"id":"shelly1","fw_ver":"1"}', {}),
        ("shellies/i3/input_event/0", '{"event":"S","event_cnt":2}', {}),
    ],
)
def test_a_topic_says_what_its_number_means(topic: str, payload: str, reading: dict[str, str]) -> None:
    assert said(decode(Shelly1Codec(), topic, payload)) == reading


@pytest.mark.parametrize(
    ("topic", "device"),
    [
        ("shellies/shelly1-A1/relay/0", "shelly1-A1"),
        ("shellies/shellies/em3/emeter/0/power", "shellies/em3"),
        ("shellies/sensor/sensor/lux", "sensor"),
    ],
)
def test_the_device_stands_before_the_part(topic: str, device: str) -> None:
    assert decode(Shelly1Codec(), topic, "1").topic_device == device


def test_online_is_availability() -> None:
    assert decode(Shelly1Codec(), "shellies/p/online", "false").value == {"available": False}


def test_the_value_is_the_text_or_the_document() -> None:
    assert decode(Shelly1Codec(), "shellies/p/relay/0", "off").value == "off"
    assert decode(Shelly1Codec(), "shellies/p/info", '{"wifi_sta":{"rssi":-60}}').value == {"wifi_sta": {"rssi": -60}}


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(DecodeFault, match="byte 1 is not UTF-8"):
        decode(Shelly1Codec(), "shellies/p/relay/0", b"\xff")
