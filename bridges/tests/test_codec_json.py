"""The json codec: what becomes a value, a reading, a device and a time, and what is refused."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridges.codecs.base import MAX_PAYLOAD_BYTES, Incoming
from bridges.codecs.json import JsonCodec
from bridges.tests.samples import MQTT_PAYLOADS, payload_on
from telemetry.options import OptionFault
from telemetry.values import Decoded, DecodeFault

NOW = datetime(2026, 1, 31, tzinfo=UTC)


def decode(payload: bytes, **options: Any) -> Decoded:
    state, results = JsonCodec(options).decode(None, Incoming(payload, NOW))
    assert state is None
    (decoded,) = results
    return decoded


def numbers(payload: bytes, **options: Any) -> dict[str, float]:
    return {reading.metric: reading.value for reading in decode(payload, **options).readings}


def test_the_value_is_the_document() -> None:
    payload = b'{"b": [1, 2.5, null], "a": {"\xc3\xa4": "x"}}'
    assert decode(payload).value == orjson.loads(payload)
    assert list(decode(payload).value) == ["b", "a"]


def test_numbers_become_readings_named_by_their_path_without_a_unit() -> None:
    readings = decode(b'{"t": 21.5, "ENERGY": {"Power": 32, "switch:0": {"on": 1}}, "v": [1, [2]]}').readings
    assert [(reading.metric, reading.value, reading.unit) for reading in readings] == [
        ("t", 21.5, ""),
        ("ENERGY.Power", 32.0, ""),
        ("ENERGY.switch:0.on", 1.0, ""),
        ("v.0", 1.0, ""),
        ("v.1.0", 2.0, ""),
    ]
    assert all(isinstance(reading.value, float) for reading in readings)


def test_true_null_and_text_are_no_readings() -> None:
    assert numbers(b'{"a": true, "b": null, "c": "21.5", "d": {}, "e": []}') == {}


def test_numbers_in_text_count_when_asked_for() -> None:
    payload = b'{"a": "21.5", "b": " -3e2 ", "c": "1,5", "d": "nan", "e": "", "f": "0x1F", "g": "1e999", "h": true}'
    assert numbers(payload, numbers_in_text=True) == {"a": 21.5, "b": -300.0}


def test_a_bare_number_is_called_value() -> None:
    assert numbers(b" 20.0\n") == {"value": 20.0}


def test_a_list_gives_readings_of_its_first_items_only() -> None:
    assert list(numbers(orjson.dumps(list(range(1000))))) == [str(place) for place in range(16)]


def test_a_message_has_at_most_200_readings() -> None:
    assert len(numbers(orjson.dumps({f"m{n}": n for n in range(1000)}))) == 200


def test_a_name_that_two_paths_share_is_read_once() -> None:
    assert numbers(b'{"a.b": 1, "a": {"b": 2}}') == {"a.b": 1.0}


def test_names_that_cannot_be_shown_are_left_out() -> None:
    assert numbers(orjson.dumps({"": 1, "a\x00": 2, "n" * 201: 3, "fine": 4})) == {"fine": 4.0}


def test_the_device_and_the_time_come_from_their_keys_and_are_no_readings() -> None:
    payload = b'{"info": {"id": 31, "t": 5}, "ts": 1700000000}'
    decoded = decode(payload, device_key="info.id", time_key="ts")
    assert decoded.device == "31"
    assert decoded.time == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert numbers(payload, device_key="info.id", time_key="ts") == {"info.t": 5.0}


@pytest.mark.parametrize("payload", [b"{}", b'{"id": null}', b"[]", b"5", b'{"id": {}, "x": {"y": 1}}'])
def test_a_key_that_is_not_there_gives_no_device_and_no_time(payload: bytes) -> None:
    decoded = decode(payload, device_key="x.id", time_key="x.t")
    assert (decoded.device, decoded.time) == ("", None)


@pytest.mark.parametrize("name", [True, 1.5, {}, [1], "a\x00b", "n" * 201])
def test_what_can_be_no_device_name_is_refused_with_its_place(name: Any) -> None:
    with pytest.raises(DecodeFault, match=r"^info\.id: "):
        decode(orjson.dumps({"info": {"id": name}}), device_key="info.id")


@pytest.mark.parametrize(
    ("told", "time"),
    [
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00+00:00"),
        ("2026-01-31T12:00:00+02:00", "2026-01-31T10:00:00+00:00"),
        ("2026-01-31 12:00:00", "2026-01-31T11:00:00+00:00"),
        ("2026-07-31T12:00:00.5", "2026-07-31T10:00:00.500000+00:00"),
        (1769860800, "2026-01-31T12:00:00+00:00"),
        (1769860800.25, "2026-01-31T12:00:00.250000+00:00"),
        (1769860800000, "2026-01-31T12:00:00+00:00"),
        ("1769860800", "2026-01-31T12:00:00+00:00"),
        (30091, None),
        (-1, None),
        ("yesterday", None),
        ("20260131120000", "2026-01-31T11:00:00+00:00"),
        (20260731120000, "2026-07-31T10:00:00+00:00"),
        ("20261331120000", None),
        (1769860800000000, "2026-01-31T12:00:00+00:00"),
        (9e9, None),
        ("@0.15s", None),
        ("9999-12-31T23:59:59-23:00", None),
        (True, None),
        ([], None),
    ],
)
def test_the_time_is_read_in_its_many_forms_or_not_at_all(told: Any, time: str | None) -> None:
    decoded = decode(orjson.dumps({"t": told}), time_key="t", zone="Europe/Vienna")
    assert decoded.time == (datetime.fromisoformat(time) if time else None)
    assert decoded.time is None or decoded.time.tzinfo is UTC


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"off", "not JSON"),
        (b'{"a": 1,\n "b" 2}', "line 2, column 6"),
        (b'{"a": nan}', "not JSON"),
        (b'{"a": NaN}', "not JSON"),
        (b'{"a": 1e400}', "infinity"),
        (b'{"a": "\xff"}', "byte 8 is not UTF-8"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"a": 1}\x00', "column 9"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', "'c' comes twice"),
        (b'{"a" : 1, "\\u0061": 2}', "'a' comes twice"),
        (b"[" * 101 + b"]" * 101, "more than 100 levels"),
        (b"[" * 100_000 + b"]" * 100_000, "depth"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, "more than 100 levels"),
        (b'"' + b"x" * MAX_PAYLOAD_BYTES + b'"', "1,000,002 bytes"),
    ],
)
def test_what_is_not_proper_json_is_refused_with_what_and_where(payload: bytes, said: str) -> None:
    with pytest.raises(DecodeFault, match=said):
        decode(payload)


def test_what_only_looks_like_a_key_said_twice_is_fine() -> None:
    assert decode(b'{"a": "\\"a\\": 1", "b": {"a": 1}, "c": [{"a": 1}, {"a": 2}]}').value["b"] == {"a": 1}


def test_wide_is_not_deep() -> None:
    assert len(decode(b"[" + b"[]," * 5000 + b"[]]").value) == 5001


def test_numbers_beyond_64_bits_are_doubles() -> None:
    assert numbers(b'{"a": 123456789012345678901234567890}') == {"a": 1.2345678901234568e29}


@pytest.mark.parametrize(
    ("option", "value"),
    [("device_key", "a..b"), ("time_key", "."), ("zone", "Mars/Olympus"), ("zone", ""), ("zone", "../x"), ("nope", 1)],
)
def test_a_wrong_option_is_refused(option: str, value: Any) -> None:
    with pytest.raises(OptionFault, match=option):
        JsonCodec({option: value})


def test_payloads_of_real_devices() -> None:
    assert numbers(payload_on("MQTT_ENY_NOW"))["zygsz"] == 117.612
    assert decode(payload_on("MQTT_ENY_NOW"), device_key="id").device == "33B1225950029"
    assert numbers(payload_on("esp/test")) == {"values.0": 20.0, "values.1": 21.0, "values.2": 23.0}
    assert numbers(payload_on("zigbee2mqtt/fan_masterbedroom_dd92")) == {
        "power": 11.52,
        "consumption": 0.0,
        "temperature": 31.0,
    }


@pytest.mark.parametrize("sample", MQTT_PAYLOADS, ids=[f"{one['from']} {one['topic'][:30]}" for one in MQTT_PAYLOADS])
def test_each_real_payload_is_decoded_or_refused(sample: dict[str, str]) -> None:
    try:
        decoded = decode(sample["payload"].encode(), numbers_in_text=True)
    except DecodeFault:
        assert sample["payload"].strip()[0] not in "{["
        return
    assert decoded.readings or decoded.value is not None


keys = st.sampled_from(["id", "t", "a"]) | st.text(max_size=5)
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=30,
)
OPTIONS = {"device_key": "id", "time_key": "t", "numbers_in_text": True}


nearly_json = st.text('{}[]":,0123456789.eE-+ntrufalsid', max_size=40).map(str.encode)


@settings(deadline=None)
@given(st.binary(max_size=60) | documents.map(orjson.dumps) | nearly_json)
def test_any_bytes_are_decoded_or_refused(payload: bytes) -> None:
    try:
        decoded = decode(payload, **OPTIONS)
    except DecodeFault:
        return
    orjson.dumps(decoded.value)
    assert all(abs(reading.value) < float("inf") for reading in decoded.readings)


@settings(deadline=None)
@given(documents)
def test_every_document_comes_through_unchanged(document: Any) -> None:
    payload = orjson.dumps(document)
    assert orjson.dumps(decode(payload).value) == payload
