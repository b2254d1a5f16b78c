"""The ruuvi codec: both raw formats by the vendor's own test vectors, decoded values, and what is missing."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridges.codecs.ruuvi import RuuviCodec
from bridges.tests.decoding import decode, said
from telemetry.values import DecodeFault

TAG = "ruuvi/C8:25:2D:8E:9C:2C/F4:1F:0C:28:CB:D6"


def advert(data: str) -> dict[str, str]:
    manufacturer = f"FF9904{data}"
    return {"data": f"020106{len(manufacturer) // 2:02X}{manufacturer}", "ts": "1653668027", "gwts": "1653668027"}


def test_format_5_is_read() -> None:
    decoded = decode(RuuviCodec(), TAG, advert("0512FC5394C37C0004FFFC040CAC364200CDCBB8334C884F"))
    assert said(decoded) == {
        "temperature": "24.3 °C", "humidity": "53.49 %", "pressure": "1000.44 hPa", "acceleration_x": "0.004 g",
        "acceleration_y": "-0.004 g", "acceleration_z": "1.036 g", "battery_voltage": "2.977 V", "tx_power": "4 dBm",
        "movement_counter": "66", "measurement_sequence": "205",
    }  # fmt: skip
    assert (decoded.topic_device, decoded.time) == ("F4:1F:0C:28:CB:D6", datetime(2022, 5, 27, 16, 13, 47, tzinfo=UTC))


def test_the_lowest_values_of_format_5_are_read() -> None:
    found = said(decode(RuuviCodec(), TAG, advert("058001000000008001800180010000000000CBB8334C884F")))
    assert (found["temperature"], found["humidity"], found["pressure"]) == ("-163.835 °C", "0 %", "500 hPa")
    assert (found["acceleration_x"], found["battery_voltage"], found["tx_power"]) == ("-32.767 g", "1.6 V", "-40 dBm")


def test_what_format_5_does_not_have_gives_no_reading() -> None:
    assert said(decode(RuuviCodec(), TAG, advert("058000FFFFFFFF800080008000FFFFFFFFFFFFFFFFFFFFFF"))) == {}


def test_format_3_is_read() -> None:
    assert said(decode(RuuviCodec(), TAG, advert("03291A1ECE1EFC18F94202CA0B53"))) == {
        "humidity": "20.5 %", "temperature": "26.3 °C", "pressure": "1027.66 hPa", "acceleration_x": "-1 g",
        "acceleration_y": "-1.726 g", "acceleration_z": "0.714 g", "battery_voltage": "2.899 V",
    }  # fmt: skip
    assert said(decode(RuuviCodec(), TAG, advert("0300FF63000080018001800100 00".replace(" ", ""))))["temperature"] == (
        "-127.99 °C"
    )


@pytest.mark.parametrize(
    "data", ["", "0201061BFF9904", "0201061BFF990499AA", "FF", "0201060303AAFE", "1BFF4C000215", None, 5]
)
def test_advertisements_of_others_have_no_measurements(data: object) -> None:
    assert said(decode(RuuviCodec(), TAG, {"data": data, "rssi": -26})) == {"rssi": "-26 dBm"}


def test_data_that_is_no_hexadecimal_is_refused() -> None:
    with pytest.raises(DecodeFault, match="hexadecimal"):
        decode(RuuviCodec(), TAG, {"data": "xyz"})


def test_a_gateway_may_decode_by_itself() -> None:
    values = {
        "temperature": 21.5,
        "humidity": None,
        "pressure": 100044,
        "accelX": 0.5,
        "voltage": 2.5,
        "ts": 1653668027,
    }
    assert said(decode(RuuviCodec(), TAG, values)) == {
        "temperature": "21.5 °C", "pressure": "1000.44 hPa", "acceleration_x": "0.5 g", "battery_voltage": "2.5 V",
    }  # fmt: skip


@pytest.mark.parametrize(("payload", "flag"), [('{"state":"online"}', True), ("offline", False)])
def test_the_gateway_says_whether_it_is_there(payload: str, flag: bool) -> None:
    decoded = decode(RuuviCodec(), "ruuvi/C8:25/gw_status", payload)
    assert (decoded.value, decoded.topic_device) == ({"available": flag}, "C8:25")


@given(st.binary(max_size=40))
def test_any_advertisement_is_read_or_left(data: bytes) -> None:
    for payload in ({"data": data.hex()}, advert(data.hex()[:70])):
        assert all(math.isfinite(reading.value) for reading in decode(RuuviCodec(), TAG, payload).readings)
