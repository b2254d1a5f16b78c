"""The tasmota codec: what is a measurement on its topics, with which unit and time."""

from datetime import UTC, datetime

import pytest

from bridges.codecs.tasmota import TasmotaCodec
from bridges.tests.decoding import decode, said
from telemetry.options import OptionFault
from telemetry.values import DecodeFault

SENSOR = {
    "Time": "2026-01-31T13:00:00",
    "ENERGY": {"TotalStartTime": "2020-01-05T12:41:22", "Total": 14.5, "Power": [32, 5], "Factor": 0.89},
    "DS18B20-1": {"Id": "030597946B04", "Temperature": None},
    "DS18B20-2": {"Id": "130597946B04", "Temperature": 20.5},
    "BME280": {"Temperature": 21.5, "Humidity": 40, "Pressure": 990.5},
    "TempUnit": "C",
    "PressureUnit": "hPa",
}


def test_sensors_become_readings_with_the_units_said_beside_them() -> None:
    decoded = decode(TasmotaCodec({"zone": "Europe/Vienna"}), "tele/plug/SENSOR", SENSOR)
    assert said(decoded) == {
        "ENERGY.Total": "14.5 kWh",
        "ENERGY.Power.0": "32 W",
        "ENERGY.Power.1": "5 W",
        "ENERGY.Factor": "0.89",
        "DS18B20-2.Temperature": "20.5 °C",
        "BME280.Temperature": "21.5 °C",
        "BME280.Humidity": "40 %",
        "BME280.Pressure": "990.5 hPa",
    }
    assert decoded.time == datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
    assert decoded.topic_device == "plug"


def test_a_unit_that_nobody_says_is_not_assumed() -> None:
    codec = TasmotaCodec()
    assert said(decode(codec, "tele/a/SENSOR", {"DS18B20": {"Temperature": 70}})) == {"DS18B20.Temperature": "70"}
    assert said(decode(codec, "tele/a/SENSOR", {"X": {"Temperature": 70}, "TempUnit": "F"})) == {
        "X.Temperature": "70 °F"
    }
    assert said(decode(codec, "tele/a/SENSOR", {"X": {"Temperature": 70}, "TempUnit": "C" * 20})) == {
        "X.Temperature": "70"
    }


@pytest.mark.parametrize(
    ("topic", "device"),
    [
        ("tele/plug/SENSOR", "plug"),
        ("plug/tele/SENSOR", "plug"),
        ("house/plug/tele/SENSOR", "house/plug"),
        ("tele/cellar/plug/STATE", "cellar/plug"),
        ("tele/SENSOR", ""),
    ],
)
def test_prefix_and_topic_may_be_swapped(topic: str, device: str) -> None:
    decoded = decode(TasmotaCodec(), topic, {"Time": "2026-01-31T12:00:00+01:00", "Vcc": 3.4})
    assert (decoded.topic_device, said(decoded)) == (device, {"Vcc": "3.4 V"})


@pytest.mark.parametrize(("payload", "flag"), [("Online", True), ("Offline", False)])
def test_the_last_will_says_whether_it_is_there(payload: str, flag: bool) -> None:
    decoded = decode(TasmotaCodec(), "tele/plug/LWT", payload)
    assert (decoded.value, decoded.readings, decoded.topic_device) == ({"available": flag}, (), "plug")


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("tele/t/RESULT", {"RfReceived": {"Data": "0x7028D2", "Bits": 24}}),
        ("stat/t/RESULT", {"Dimmer": 40}),
        ("stat/t/POWER", "ON"),
        ("cmnd/t/Dimmer", "40"),
        ("cmnd/t/SENSOR", {"a": 1}),
        ("tele/t/INFO3", {"RestartReason": "Power on"}),
        ("tele/t/LWT", "perhaps"),
    ],
)
def test_answers_commands_and_events_have_no_readings(topic: str, payload: object) -> None:
    decoded = decode(TasmotaCodec(), topic, payload)
    assert (decoded.value, decoded.readings) == (payload, ())


def test_sensors_that_were_asked_for_are_read_too() -> None:
    answer = {"StatusSNS": {"Time": "2026-01-31T12:00:00", "SR04": {"Distance": 16.5}}}
    assert said(decode(TasmotaCodec(), "stat/t/STATUS8", answer)) == {"SR04.Distance": "16.5 cm"}
    assert decode(TasmotaCodec(), "stat/t/STATUS10", [1]).readings == ()


@pytest.mark.parametrize("payload", [b"nonsense", b"[1]", b"5"])
def test_a_sensor_that_is_no_json_object_is_refused(payload: bytes) -> None:
    with pytest.raises(DecodeFault):
        decode(TasmotaCodec(), "tele/t/SENSOR", payload)


def test_a_wrong_zone_is_refused() -> None:
    with pytest.raises(OptionFault, match="zone"):
        TasmotaCodec({"zone": "Mars"})
