"""The esphome codec: one value a topic, without units."""

import pytest

from bridges.codecs.esphome import EsphomeCodec
from bridges.tests.decoding import decode, said


@pytest.mark.parametrize(
    ("topic", "payload", "device", "reading"),
    [
        ("attic/sensor/power/state", "190", "attic", {"power": "190"}),
        ("house/attic/sensor/power/state", "-1.5", "house/attic", {"power": "-1.5"}),
        ("attic/climate/heater/current_temperature/state", "21.5", "attic", {"heater.current_temperature": "21.5"}),
        ("attic/light/lamp/state", '{"state":"ON","brightness":255}', "attic", {"lamp.brightness": "255"}),
        ("attic/sensor/power/state", "nan", "attic", {}),
        ("attic/sensor/mode/state", "Normal", "attic", {}),
        ("attic/text_sensor/version/state", "5", "attic", {}),
        ("attic/switch/relay/state", "OFF", "attic", {}),
        ("attic/number/limit/command", "5", "attic/number/limit", {}),
        ("attic/debug", "\x1b[0;36m[D][sensor:094]: 'x': Sending state 21.5", "attic", {}),
    ],
)
def test_a_topic_says_what_its_number_means(topic: str, payload: str, device: str, reading: dict[str, str]) -> None:
    decoded = decode(EsphomeCodec(), topic, payload)
    assert (said(decoded), decoded.topic_device) == (reading, device)


@pytest.mark.parametrize(("payload", "flag"), [("online", True), ("offline", False)])
def test_status_is_availability(payload: str, flag: bool) -> None:
    decoded = decode(EsphomeCodec(), "house/attic/status", payload)
    assert (decoded.value, decoded.topic_device) == ({"available": flag}, "house/attic")


def test_log_lines_may_hold_any_bytes() -> None:
    assert decode(EsphomeCodec(), "attic/debug", b"a\xff").value == "a\ufffd"
