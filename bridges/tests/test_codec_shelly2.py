"""The shelly2 codec: full states, notifications of what changed, events, and BLU sensors."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bridges.codecs.shelly2 import Shelly2Codec
from bridges.tests.decoding import decode, said
from telemetry.values import DecodeFault

SWITCH = {
    "id": 0, "output": True, "apower": 4.2, "voltage": 124.7, "freq": 50.0, "pf": 0.9,
    "aenergy": {"total": 163.5, "by_minute": [70.1, 70.2], "minute_ts": 1687031099},
    "temperature": {"tC": 57.5, "tF": 135.5},
}  # fmt: skip


def notify(params: Any = None, *, method: str = "NotifyStatus") -> dict[str, Any]:
    return {"src": "shellyplus1pm-44", "dst": "plug/events", "method": method, "params": params}


def test_a_status_is_read_whole_without_doubles_and_minutes() -> None:
    decoded = decode(Shelly2Codec(), "my/plug/status/switch:0", SWITCH)
    assert said(decoded) == {
        "switch:0.apower": "4.2 W",
        "switch:0.voltage": "124.7 V",
        "switch:0.freq": "50 Hz",
        "switch:0.pf": "0.9",
        "switch:0.aenergy.total": "163.5 Wh",
        "switch:0.temperature.tC": "57.5 °C",
    }
    assert (decoded.value, decoded.topic_device) == (SWITCH, "my/plug")


def test_a_notification_tells_only_what_changed() -> None:
    decoded = decode(
        Shelly2Codec(), "plug/events/rpc", notify({"ts": 1661517385.5, "switch:0": {"id": 0, "voltage": 232.5}})
    )
    assert said(decoded) == {"switch:0.voltage": "232.5 V"}
    assert decoded.time == datetime(2022, 8, 26, 12, 36, 25, 500000, tzinfo=UTC)
    assert decoded.topic_device == "plug"


def test_seconds_since_the_start_are_no_time() -> None:
    assert decode(Shelly2Codec(), "plug/events/rpc", notify({"ts": 1.61}, method="NotifyFullStatus")).time is None


def test_an_event_has_no_readings() -> None:
    event = notify({"ts": 1661517385.5, "events": [{"id": 0, "event": "single_push"}]}, method="NotifyEvent")
    assert decode(Shelly2Codec(), "plug/events/rpc", event).readings == ()


@pytest.mark.parametrize(
    ("component", "status", "reading"),
    [
        ("em:0", {"a_act_power": 5.5, "total_aprt_power": 6, "n_current": 0.5}, {
            "em:0.a_act_power": "5.5 W", "em:0.total_aprt_power": "6 VA", "em:0.n_current": "0.5 A"}),
        ("emdata:0", {"total_act_ret": 1.5, "a_total_act_energy": 2}, {
            "emdata:0.total_act_ret": "1.5", "emdata:0.a_total_act_energy": "2 Wh"}),
        ("devicepower:0", {"battery": {"V": 4.5, "percent": 90}}, {
            "devicepower:0.battery.V": "4.5 V", "devicepower:0.battery.percent": "90 %"}),
        ("humidity:0", {"id": 0, "rh": 45.5}, {"humidity:0.rh": "45.5 %"}),
        ("temperature:100", {"id": 100, "tC": None, "tF": None}, {}),
        ("sys", {"uptime": 5, "ram_free": 1000, "cfg_rev": 3}, {"sys.uptime": "5 s"}),
        ("wifi", {"sta_ip": "192.0.2.1", "rssi": -60}, {"wifi.rssi": "-60 dBm"}),
        ("cloud", {"connected": True, "n": 5}, {}),
    ],
)  # fmt: skip
def test_components_have_their_units(component: str, status: dict[str, Any], reading: dict[str, str]) -> None:
    assert said(decode(Shelly2Codec(), f"plug/status/{component}", status)) == reading
    assert said(decode(Shelly2Codec(), "plug/events/rpc", notify({component: status}))) == reading


@pytest.mark.parametrize("prefix", ["plug", "shellies/plug"])
def test_a_device_has_one_name_on_all_its_topics(prefix: str) -> None:
    for topic, payload in (
        ("online", "true"),
        ("status/switch:0", SWITCH),
        ("events/rpc", notify()),
        ("rpc", {"id": 1}),
    ):
        assert decode(Shelly2Codec(), f"{prefix}/{topic}", payload).topic_device == "plug"


def test_online_is_availability() -> None:
    assert decode(Shelly2Codec(), "plug/online", "false").value == {"available": False}


def test_a_blu_sensor_is_named_by_its_address() -> None:
    advertised = {"BTHome_version": 2, "pid": 149, "battery": 100, "temperature": 17, "rssi": -92, "address": "7c:c6"}
    decoded = decode(Shelly2Codec(), "shelly-blu/events/7c:c6", advertised)
    assert (decoded.device, said(decoded)) == ("7c:c6", {"battery": "100 %", "temperature": "17 °C", "rssi": "-92 dBm"})


@pytest.mark.parametrize("topic", ["plug/events/rpc", "plug/status/switch:0"])
def test_a_state_that_is_no_json_object_is_refused(topic: str) -> None:
    with pytest.raises(DecodeFault, match="JSON object"):
        decode(Shelly2Codec(), topic, "[1]")
