"""The packet schema and codec: what a packet may be, and that every fault is told with its place."""

from datetime import UTC, datetime
from typing import Any

import jsonschema_rs
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridges.codecs.base import Incoming
from bridges.codecs.packet import PACKET_SCHEMA, PacketCodec, packet_faults
from telemetry.values import Decoded, DecodeFault, Reading

PACKET: dict[str, Any] = {
    "device_id": "esp32-hall",
    "timestamp": "2026-01-31T12:00:00+01:00",
    "measurements": {"temperature": {"value": 21.5, "unit": "°C"}, "co2": 750, "lux": None},
    "status": "ok",
    "battery": 87,
}


def decode(document: Any) -> Decoded:
    incoming = Incoming(orjson.dumps(document), datetime(2026, 1, 31, tzinfo=UTC))
    _, (decoded,) = PacketCodec().decode(None, incoming)
    return decoded


def places(**changed: Any) -> list[str]:
    return [fault.path for fault in packet_faults(PACKET | changed)]


def test_the_schema_is_a_schema() -> None:
    assert jsonschema_rs.meta.is_valid(PACKET_SCHEMA)


def test_a_packet_gives_its_device_time_and_readings_with_units() -> None:
    decoded = decode(PACKET)
    assert decoded.value == PACKET
    assert decoded.device == "esp32-hall"
    assert decoded.time == datetime(2026, 1, 31, 11, tzinfo=UTC)
    assert decoded.readings == (
        Reading("temperature", 21.5, "°C"),
        Reading("co2", 750.0, ""),
        Reading("battery", 87.0, "%"),
    )


def test_measurements_may_be_a_list() -> None:
    listed = [{"name": "t", "value": 1, "unit": "K"}, {"name": "u", "value": None}]
    assert decode(PACKET | {"measurements": listed, "battery": None}).readings == (Reading("t", 1.0, "K"),)


def test_a_measurement_called_battery_is_not_overwritten() -> None:
    assert decode(PACKET | {"measurements": {"battery": {"value": 3.1, "unit": "V"}}}).readings == (
        Reading("battery", 3.1, "V"),
    )


@pytest.mark.parametrize(
    ("timestamp", "time"),
    [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31t12:00:00.123456789z", datetime(2026, 1, 31, 12, microsecond=123456, tzinfo=UTC)),
        (1769860800, datetime(2026, 1, 31, 12, tzinfo=UTC)),
        (1769860800.5, datetime(2026, 1, 31, 12, microsecond=500_000, tzinfo=UTC)),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_timestamp_is_rfc_3339_or_seconds(timestamp: Any, time: datetime) -> None:
    assert decode(PACKET | {"timestamp": timestamp}).time == time


@pytest.mark.parametrize("missing", ["status", "battery"])
def test_status_and_battery_may_be_left_out(missing: str) -> None:
    assert packet_faults({key: value for key, value in PACKET.items() if key != missing}) == []


def test_all_faults_are_told_at_once_with_their_places() -> None:
    faults = packet_faults({"device_id": "a/#", "battery": 101, "mood": 1, "measurements": {"t": "hot", "a/b~": True}})
    assert [(fault.path, fault.message) for fault in faults] == [
        ("/battery", "must be at most 100"),
        ("/device_id", "must be 1 to 64 letters, digits or _ . : - (no '+', '#', '/' or space)"),
        ("/measurements/a~1b~0", "must be a number or an object or null, not true"),
        ("/measurements/t", "must be a number or an object or null, not text"),
        ("/mood", "is not a field here"),
        ("/timestamp", "is missing"),
    ]


@pytest.mark.parametrize(
    "device_id", ["", "a#", "#", "+", "a/b", "a b", "a\n", "ä", "n" * 65, None, 5, "$SYS", "a\x00", ["a"], "\u202ea"]
)
def test_a_device_id_that_could_widen_a_topic_or_hide_is_refused(device_id: Any) -> None:
    assert places(device_id=device_id) == ["/device_id"]


@pytest.mark.parametrize("device_id", ["a", "n" * 64, "A-1_b.c:d", "7c:c6:b6:7f:48:ed"])
def test_an_ordinary_device_id_is_fine(device_id: str) -> None:
    assert places(device_id=device_id) == []


@pytest.mark.parametrize(
    "timestamp",
    ["", "now", "2026-01-31", "2026-01-31T12:00:00", "2026-01-31 12:00:00Z", "2026-13-31T12:00:00Z", "1769860800",
     1769860800000, -1, True, None, {}, "2026-06-30T23:59:60Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-23:00"],
)  # fmt: skip
def test_a_timestamp_that_is_no_instant_is_refused(timestamp: Any) -> None:
    assert places(timestamp=timestamp) == ["/timestamp"]


@pytest.mark.parametrize(
    ("measurements", "path"),
    [
        ({"t": "21.5"}, "/measurements/t"),
        ({"t": {"unit": "K"}}, "/measurements/t/value"),
        ({"t": {"value": "1"}}, "/measurements/t/value"),
        ({"t": {"value": 1, "unit": 5}}, "/measurements/t/unit"),
        ({"t": {"value": 1, "unit": "x" * 33}}, "/measurements/t/unit"),
        ({"t": {"value": 1, "at": 5}}, "/measurements/t/at"),
        ({"t": [1]}, "/measurements/t"),
        ({"": 1}, "/measurements"),
        ({"a\x00": 1}, "/measurements"),
        ({f"m{n}": n for n in range(201)}, "/measurements"),
        ([1], "/measurements/0"),
        ([{"value": 1}], "/measurements/0/name"),
        ([{"name": "a", "value": 1}, {"name": "a", "value": 2}], "/measurements/1/name"),
        (5, "/measurements"),
        (None, "/measurements"),
    ],
)
def test_a_wrong_measurement_is_told_at_its_place(measurements: Any, path: str) -> None:
    assert places(measurements=measurements) == [path]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("battery", bad) for bad in (-1, 100.5, "87", True)),
        *(("status", bad) for bad in (1, None, "a\x00", "x" * 201)),
    ],
)
def test_a_wrong_battery_or_status_is_refused(field: str, value: Any) -> None:
    assert places(**{field: value}) == [f"/{field}"]


@pytest.mark.parametrize("document", [[], None, 5, "x", True, [PACKET]])
def test_what_is_no_object_is_no_packet(document: Any) -> None:
    (fault,) = packet_faults(document)
    assert fault.path == ""
    assert "an object" in fault.message


def test_a_bad_packet_on_mqtt_is_refused_with_the_same_faults() -> None:
    with pytest.raises(DecodeFault) as caught:
        decode(PACKET | {"device_id": "a#", "battery": 101})
    assert str(caught.value).startswith("/battery must be at most 100; /device_id must be 1 to 64")


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
fields = st.sampled_from([*PACKET, "name", "value", "unit"])


@settings(deadline=None)
@given(st.dictionaries(fields, anything, max_size=5), st.sets(fields))
def test_any_document_is_a_packet_or_has_faults(changed: dict[str, Any], dropped: set[str]) -> None:
    document = {key: value for key, value in (PACKET | changed).items() if key not in dropped}
    document = orjson.loads(orjson.dumps(document))  # as it comes off the wire: without NaN
    faults = packet_faults(document)
    if faults:
        with pytest.raises(DecodeFault):
            decode(document)
    else:
        assert decode(document).device == document["device_id"]


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_decoded_or_refused(payload: bytes) -> None:
    with pytest.raises(DecodeFault):
        PacketCodec().decode(None, Incoming(payload, datetime(2026, 1, 31, tzinfo=UTC)))
