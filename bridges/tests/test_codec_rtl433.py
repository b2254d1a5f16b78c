"""The rtl433 codec: units in keys, times that are none, repeats, and plain topics."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from bridges.codecs.base import Incoming
from bridges.codecs.rtl433 import MAX_REMEMBERED, Rtl433Codec
from bridges.tests.decoding import NOW, decode, said
from telemetry.values import DecodeFault

EVENTS = "rtl_433/host/events"
EVENT = {
    "time": "2021-05-21 18:37:27.5",
    "model": "WH2A",
    "id": 11,
    "channel": 2,
    "temperature_C": 24.5,
    "humidity": 38,
}


def test_an_event_is_read_with_the_units_in_its_keys() -> None:
    more = {
        "wind_avg_km_h": 5,
        "rain_mm": 1.5,
        "battery_ok": 1,
        "power_W": 0,
        "mic": "CRC",
        "freq": 433.5,
        "rssi": -0.5,
    }
    decoded = decode(Rtl433Codec({"zone": "+02:00"}), EVENTS, {**EVENT, **more})
    assert said(decoded) == {
        "temperature": "24.5 °C", "humidity": "38 %", "wind_avg": "5 km/h", "rain": "1.5 mm", "battery_ok": "1",
        "power": "0 W", "freq": "433.5 MHz", "rssi": "-0.5 dB",
    }  # fmt: skip
    assert (decoded.device, decoded.time) == ("WH2A-2-11", datetime(2021, 5, 21, 16, 37, 27, 500000, tzinfo=UTC))


def test_an_offset_in_a_recording_is_no_time() -> None:
    assert decode(Rtl433Codec(), EVENTS, {**EVENT, "time": "@0.151160s"}).time is None


def test_one_temperature_is_enough() -> None:
    assert said(decode(Rtl433Codec(), EVENTS, {"model": "A", "temperature_F": 70, "temperature_C": 21})) == {
        "temperature": "21 °C"
    }


def heard(codec: Rtl433Codec, state: Any, after_s: float, **changed: Any) -> tuple[Any, int]:
    incoming = Incoming(orjson.dumps({**EVENT, **changed}), NOW + timedelta(seconds=after_s), EVENTS)
    state, results = codec.decode(state, incoming)
    return state, len(results)


def test_a_frame_that_is_sent_again_within_moments_is_a_repeat() -> None:
    codec = Rtl433Codec()
    state, first = heard(codec, None, 0)
    _, again = heard(codec, state, 0.5, time="2021-05-21 18:37:28", rssi=-3)
    _, other = heard(codec, state, 0.5, temperature_C=25)
    _, later = heard(codec, state, 2.5)
    assert (first, again, other, later) == (1, 0, 1, 1)


def test_repeats_may_be_kept() -> None:
    codec = Rtl433Codec({"repeats_s": 0.0})
    state, _ = heard(codec, None, 0)
    assert heard(codec, state, 0.1) == (None, 1)


def test_what_was_heard_is_remembered_within_bounds() -> None:
    state: Any = None
    for number in range(MAX_REMEMBERED + 20):
        state, _ = heard(Rtl433Codec(), state, number, id=number)
    assert len(state["heard"]) == MAX_REMEMBERED


@pytest.mark.parametrize(
    ("key", "payload", "reading"),
    [("temperature_C", "24.5", {"temperature": "24.5 °C"}), ("id", "11", {}), ("mic", "CRC", {}), ("time", "5", {})],
)
def test_one_value_a_topic_is_read_under_the_same_device(key: str, payload: str, reading: dict[str, str]) -> None:
    decoded = decode(Rtl433Codec(), f"rtl_433/host/devices/WH2A/2/11/{key}", payload)
    assert (decoded.topic_device, said(decoded)) == ("WH2A-2-11", reading)


def test_what_rtl_433_says_of_itself_has_no_readings() -> None:
    assert decode(Rtl433Codec(), "rtl_433/host/states", {"center_frequency": 433920000}).readings == ()
    assert decode(Rtl433Codec(), "rtl_433/host/availability", "online").value == {"available": True}


def test_a_model_that_can_be_no_name_is_refused() -> None:
    with pytest.raises(DecodeFault, match="model"):
        decode(Rtl433Codec(), EVENTS, {"model": "x" * 300})
