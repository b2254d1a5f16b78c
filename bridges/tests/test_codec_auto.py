"""The auto codec on every sample of a real device, what it only knows by name, and what it hands on to others."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from bridges.codecs.auto import AutoCodec
from bridges.codecs.base import Incoming
from bridges.codecs.recognition import NAMED_ONLY, recognise
from bridges.codecs.registry import CODECS
from bridges.tests.decoding import NOW, SAMPLES, decode, said
from telemetry.values import DecodeFault

EXPECTED: list[dict[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).parent / "samples" / "mqtt_expected.jsonl").read_text("utf-8").splitlines()
]
"""What each sample is and says, in the order of the samples."""


def document(payload: str) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return None


@pytest.mark.parametrize(
    ("sample", "expected"),
    [pytest.param(*pair, id=f"{n}-{pair[1]['as']}") for n, pair in enumerate(zip(SAMPLES, EXPECTED, strict=True), 1)],
)
def test_every_sample_is_recognised_and_read_or_kept_without_readings(
    sample: dict[str, str], expected: dict[str, Any]
) -> None:
    name = recognise(sample["topic"], document(sample["payload"]))
    assert (sample["topic"], name) == (expected["topic"], expected["as"])
    _, results = AutoCodec().decode(None, Incoming(sample["payload"].encode(), NOW, sample["topic"]))
    if "nothing" in expected:  # a ghost, or the first part of a packet
        assert not results
        return
    (decoded,) = results
    readings = {one.metric: f"{one.value!r} {one.unit}".strip() for one in decoded.readings}
    assert readings == expected["readings"]
    assert (decoded.device or decoded.topic_device) == expected.get("device", "")
    assert (decoded.time.isoformat() if decoded.time else None) == expected.get("time")
    if "available" in expected:
        assert decoded.value == {"available": expected["available"]}
    elif name in NAMED_ONLY:
        assert (decoded.value["recognised"], decoded.readings) == (name, ())


MEASURING = {
    "Tasmota": "tasmota", "Shelly Gen1": "shelly1", "Shelly BLU": "shelly2", "ESPHome": "esphome",
    "Zigbee2MQTT": "zigbee2mqtt", "OpenMQTTGateway": "openmqttgateway", "Theengs decoder": "openmqttgateway",
    "rtl_433": "rtl433", "Ruuvi Gateway": "ruuvi", "Compere KPM33B": "kpm33b", "ESP32 generic": "sensor",
}  # fmt: skip


@pytest.mark.parametrize("ecosystem", MEASURING)
def test_a_sample_is_read_by_the_codec_of_its_ecosystem(ecosystem: str) -> None:
    found = {
        recognise(sample["topic"], document(sample["payload"]))
        for sample in SAMPLES
        if sample["ecosystem"] == ecosystem
    }
    assert found == {MEASURING[ecosystem]}


@pytest.mark.parametrize("sample", SAMPLES, ids=[f"{n} {one['ecosystem']}" for n, one in enumerate(SAMPLES, 1)])
def test_it_says_what_the_codec_of_the_ecosystem_says(sample: dict[str, str]) -> None:
    name = recognise(sample["topic"], document(sample["payload"]))
    if name in NAMED_ONLY or name == "sensor":
        return
    incoming = Incoming(sample["payload"].encode(), NOW, sample["topic"])
    assert list(AutoCodec().decode(None, incoming)[1]) == list(CODECS[name]().decode(None, incoming)[1])


@pytest.mark.parametrize(
    ("topic", "payload", "name"),
    [
        ("spBv1.0/plant/NBIRTH/node", b"\x08\xff\x01", "sparkplug-b"),
        ("homie/5/lamp/$state", "ready", "homie"),
        ("homeassistant/device/x/config", "", "home-assistant-discovery"),
        ("N/portal/battery/0/Soc", '{"value": null}', "victron"),
        ("renamed/up", '{"deduplicationId": "1", "deviceInfo": {}, "object": {"t": 1}}', "chirpstack"),
        ("renamed/up", '{"end_device_ids": {}, "uplink_message": {"f_port": 1}}', "the-things-stack"),
        ("msh/EU_868//2/json/LongFast/!da741924", '{"type": "text"}', "meshtastic"),
        ("owntracks/me/phone", '{"_type": "location", "tst": 1769860800, "lat": 1.5}', "owntracks"),
        ("zwave/room/sensor", '{"time": 1656470510619, "value": 83.2}', "zwave-js"),
    ],
)
def test_what_is_known_only_by_name_is_kept_and_never_misread(topic: str, payload: Any, name: str) -> None:
    decoded = decode(AutoCodec(), topic, payload)
    assert (decoded.value["recognised"], decoded.readings, decoded.device) == (name, (), "")
    if isinstance(payload, bytes):
        assert decoded.value == {"recognised": name, "size": len(payload)}
    else:
        assert decoded.value["payload"] in (payload, document(payload))


@pytest.mark.parametrize(
    ("topic", "payload", "name"),
    [
        ("a/b", {"device_id": "e", "timestamp": "2026-01-31T12:00:00Z", "measurements": {"t": 1}}, "packet"),
        ("a/b", {"device_id": "e", "timestamp": "boot", "measurements": {"t": 1}}, "sensor"),
        ("a/b", {"id": "33B1", "zygsz": 1, "time": "20260131120000", "isend": "1"}, "kpm33b"),
        ("a/b", {"src": "shellyplus1-1", "method": "NotifyStatus", "params": {}}, "shelly2"),
        ("a/b", {"gw_mac": "AA", "rssi": -5, "data": "00"}, "ruuvi"),
        ("a/b", {"time": "@0.1s", "model": "X", "id": 1, "mic": "CRC"}, "rtl433"),
        ("foo/bar/baz/config", {"t": 1}, "sensor"),
        ("home/2/e/x", {"t": 1}, "sensor"),
        ("plug/tele/SENSOR", {"t": 1}, "tasmota"),
        ("shellies/plug/status/switch:0", {"apower": 1}, "shelly2"),
        ("hall/shellyplus1-1/online", None, "shelly2"),
    ],
)
def test_signs_are_narrow(topic: str, payload: Any, name: str) -> None:
    assert recognise(topic, payload) == name


def test_what_nobody_names_is_named_by_its_topic() -> None:
    decoded = decode(AutoCodec(), "hub/room/attributes/temperature/value", "20.0")
    assert (decoded.topic_device, said(decoded)) == ("hub/room", {"temperature": "20"})
    assert decode(AutoCodec(), "house/hall/state", {"t": 1}).topic_device == "house/hall"
    assert decode(AutoCodec(), "house/hall", {"id": "x", "t": 1}).topic_device == ""
    assert decode(AutoCodec(), "state", "5").topic_device == ""


def test_bytes_that_are_no_text_are_kept() -> None:
    assert decode(AutoCodec(), "a/b", b"\xff\x00").value == {"hex": "ff00", "size": 2}


def test_broken_json_is_refused() -> None:
    with pytest.raises(DecodeFault, match="not JSON"):
        decode(AutoCodec(), "a/b", b'{"t": 1')


def test_the_zone_is_handed_on() -> None:
    decoded = decode(AutoCodec({"zone": "+02:00"}), "tele/a/SENSOR", {"Time": "2026-01-31T14:00:00"})
    assert decoded.time == NOW


def test_what_the_codecs_remember_is_kept_for_each_and_given_out_when_overdue() -> None:
    codec = AutoCodec()

    def take(state: Any, topic: str, payload: Any) -> tuple[Any, int]:
        state, results = codec.decode(state, Incoming(orjson.dumps(payload), NOW, topic))
        return orjson.loads(orjson.dumps(state)), len(results)

    event = {"time": "2026-01-31 12:00:00", "model": "X", "id": 1, "temperature_C": 5}
    part = {"id": "37", "zygsz": 5.0, "time": "20260131120000", "isend": "0"}
    state, first = take(None, "rtl_433/h/events", event)
    state, held = take(state, "MQTT_ENY_NOW", part)
    _, repeat = take(state, "rtl_433/h/events", event)
    assert (first, held, repeat) == (1, 0, 0)
    same, nothing = codec.flush(state, NOW + timedelta(seconds=5))
    assert (same, list(nothing)) == (state, [])
    assert same is state
    state, overdue = codec.flush(state, NOW + timedelta(seconds=60))
    assert [said(decoded) for decoded in overdue] == [{"active_energy": "5 kWh"}]
    assert codec.flush(state, NOW + timedelta(seconds=120))[1] == []
    plain, _ = codec.decode(state, Incoming(b"5", NOW, "a/b"))
    assert plain is state
