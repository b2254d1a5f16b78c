"""The sensor codec on what home-made sensors really send: names, times, forms and units of all sorts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridges.codecs.base import Incoming
from bridges.codecs.sensor import MAX_ITEMS, SensorCodec
from bridges.codecs.units import split_name, unit_of_word
from bridges.tests.decoding import NOW, decode, said
from telemetry.options import OptionFault
from telemetry.values import DecodeFault

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("document", "device"),
    [
        ({"device_id": "esp-1"}, "esp-1"),
        ({"deviceId": "esp-1", "id": 7}, "esp-1"),
        ({"node-id": "esp-1", "sensor": "dht11"}, "esp-1"),
        ({"device": {"serial_number": "S1", "name": "x"}}, "S1"),
        ({"device": {"name": "hall"}}, "hall"),
        ({"id": 7}, "7"),
        ({"id": ""}, ""),
        ({"id": True, "mac": "AA:BB"}, "AA:BB"),
        ({"id": "a\x00"}, ""),
        ({"temperature": 1}, ""),
    ],
)
def test_the_device_has_many_names_for_its_name(document: dict[str, Any], device: str) -> None:
    assert decode(SensorCodec(), "a/b", document).device == device


@pytest.mark.parametrize(
    ("document", "time"),
    [
        ({"timestamp": 1769860800}, NOON),
        ({"ts": 1769860800000}, NOON),
        ({"created_at": "2026-01-31T12:00:00Z"}, NOON),
        ({"time": "2026-01-31 13:00:00"}, NOON),
        ({"Timestamp": "1769860800"}, NOON),
        ({"timestamp": 30091}, None),
        ({"time": None, "ts": 1769860800}, NOON),
        ({"data": [{"type": "t", "value": 1, "timestamp": 1769860800}]}, NOON),
        ({}, None),
    ],
)
def test_the_time_is_told_by_its_size_and_the_time_since_a_boot_is_none(document: Any, time: datetime | None) -> None:
    assert decode(SensorCodec({"zone": "+01:00"}), "a/b", document).time == time


@pytest.mark.parametrize(
    ("document", "readings"),
    [
        ({"id": "x", "ts": 1769860800, "temperature": 21.5, "co2": "750"}, {"temperature": "21.5", "co2": "750"}),
        ({"measurements": {"t": 1, "inner": {"h": 2}}}, {"t": "1", "inner.h": "2"}),
        ({"data": {"sensors": {"t": 1}}}, {"t": "1"}),
        ({"data": [{"name": "t", "value": 21.5, "unit": "C"}, {"type": "h", "value": "40", "unit": "%"}]},
         {"t": "21.5 °C", "h": "40 %"}),
        ({"values": [20, 21]}, {"values.0": "20", "values.1": "21"}),
        ({"sensors": [{"id": "a", "t": 1}, {"id": "b", "t": 2}, {"t": 3}]}, {"a.t": "1", "b.t": "2", "2.t": "3"}),
        ({"temperature": {"value": 21.5, "unit": "°C"}, "x": {"value": 1, "min": 0}},
         {"temperature": "21.5 °C", "x": "1", "x.min": "0"}),
        ({"sensor": "dht11", "type": "temperature", "value": 21.5, "unit": "celsius", "battery": 90},
         {"temperature": "21.5 °C", "battery": "90"}),
        ({"temp": "22.8 celsius", "hum": "40%", "note": "2 rooms", "u": "3.3V"},
         {"temperature": "22.8 °C", "humidity": "40 %", "u": "3.3 V"}),
        ({"temperature": 21, "temperature_unit": "F"}, {"temperature": "21 °F"}),
        ({"t": 21, "units": {"t": "kPa"}}, {"t": "21 kPa"}),
        ({"tempc": 20, "tempf": 68, "temp_f": 68}, {"temperature": "20 °C"}),
        ({"battery": 95, "battery_mv": 2870}, {"battery": "95", "battery_mv": "2870 mV"}),
        ({"on": True, "off": None, "word": "x", "motion-bool": 1, "status": 3, "version": "1.5"}, {"motion": "1"}),
        ({"a": {"b": {"c_hpa": 990}}}, {"a.b.c": "990 hPa"}),
    ],
)  # fmt: skip
def test_values_are_found_flat_nested_listed_and_in_text(document: Any, readings: dict[str, str]) -> None:
    decoded = decode(SensorCodec(), "a/b", document)
    assert said(decoded) == readings
    assert decoded.value == document


@pytest.mark.parametrize(
    ("name", "base", "unit"),
    [
        ("temp-C", "temp", "°C"), ("temperature_c", "temperature", "°C"), ("tempf", "temp", "°F"),
        ("temperature°C", "temperature", "°C"), ("hum-percent", "hum", "%"), ("humidity%", "humidity", "%"),
        ("battery_mv", "battery", "mV"), ("acceleration_x_mg", "acceleration_x", "mg"), ("wind_km_h", "wind", "km/h"),
        ("pm25_ug_m3", "pm25", "µg/m³"), ("battery_v", "battery", "V"), ("uptime_s", "uptime", "s"),
        ("voltage_a", "voltage_a", ""), ("current_a", "current", "A"), ("phase_a", "phase_a", ""),
        ("temp_min", "temp_min", ""), ("sensor_c", "sensor_c", ""), ("x_pa", "x_pa", ""), ("mv", "mv", ""),
        ("_c", "_c", ""), ("°C", "°C", ""), ("°", "°", ""), ("co2", "co2", ""), ("fan_speed", "fan_speed", ""),
    ],
)  # fmt: skip
def test_a_name_may_carry_its_unit(name: str, base: str, unit: str) -> None:
    assert split_name(name) == (base, unit)


@pytest.mark.parametrize(
    ("word", "unit"), [("C", "°C"), ("Celsius", "°C"), ("kwh", "kWh"), ("%", "%"), ("rooms", ""), ("", ""), ("c", "")]
)
def test_a_word_may_be_a_unit(word: str, unit: str) -> None:
    assert unit_of_word(word) == unit


def test_nan_of_a_hand_made_printf_is_no_value_and_spoils_no_other() -> None:
    decoded = decode(SensorCodec(), "a", b'{"id": "nan, inf", "t": nan, "h": -inf, "x": [NaN, 1], "p": 990}')
    assert (decoded.device, said(decoded)) == ("nan, inf", {"x.1": "1", "p": "990"})


def test_a_list_of_devices_gives_one_result_for_each() -> None:
    payload = [{"id": f"d{number}", "t": number} for number in range(MAX_ITEMS + 5)]
    _, results = SensorCodec().decode(None, Incoming(str(payload).replace("'", '"').encode(), NOW))
    assert [decoded.device for decoded in results] == [f"d{number}" for number in range(MAX_ITEMS)]
    assert [said(decoded) for decoded in results[:2]] == [{"t": "0"}, {"t": "1"}]


def test_a_list_of_measurements_is_one_result() -> None:
    assert said(decode(SensorCodec(), "a", [{"name": "t", "value": 1}, {"name": "h", "value": 2}])) == {
        "t": "1",
        "h": "2",
    }


def test_plain_text_is_a_number_a_word_about_being_there_or_just_text() -> None:
    assert said(decode(SensorCodec(), "hall/temperature", " 21.5 C\n")) == {"temperature": "21.5 °C"}
    assert decode(SensorCodec(), "hall/status", "online").value == {"available": True}
    assert decode(SensorCodec(), "hall/status", "online").topic_device == "hall"
    assert decode(SensorCodec(), "hall/mode", "eco").readings == ()
    assert decode(SensorCodec(), "hall/mode", "").value == ""


@pytest.mark.parametrize(("level", "name"), [(1, "a"), (2, "b"), (-1, "c"), (-3, "a"), (0, ""), (4, ""), (-4, "")])
def test_a_level_of_the_topic_may_name_the_device(level: int, name: str) -> None:
    assert decode(SensorCodec({"device_level": level}), "a/b/c", {"t": 1}).topic_device == name


def test_keys_may_be_told() -> None:
    codec = SensorCodec({"device_key": "meta.who", "time_key": "meta.when"})
    decoded = decode(codec, "a", {"id": "wrong", "meta": {"who": "right", "when": 1769860800}})
    assert (decoded.device, decoded.time) == ("right", NOON)
    with pytest.raises(OptionFault, match="device_key"):
        SensorCodec({"device_key": "a..b"})


@pytest.mark.parametrize("payload", [b"{", b'{"a": 1,}', b"[1", b"\xff\xfe"])
def test_broken_json_and_bytes_are_refused(payload: bytes) -> None:
    with pytest.raises(DecodeFault):
        decode(SensorCodec(), "a", payload)


@settings(deadline=None)
@given(st.text(max_size=30))
def test_splitting_a_name_loses_no_name(name: str) -> None:
    base, unit = split_name(name)
    assert name.startswith(base)
    assert (base == name) == (unit == "")
    assert bool(base) == bool(name)
