"""The simulated power meter, heard and commanded through a real broker."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from simulators.meter import ENERGY, REALTIME, Meter, MeterSettings, next_id
from simulators.tests.listening import Listener

REPLIES = ("MQTT_METER_TIME_REP", "MQTT_COMMOD_SET_REP", "MQTT_COMMOD_READ_REP")
OPRID = "0123456789abcdef0123456789abcdef"


def test_it_publishes_both_packets_on_the_fixed_topics(broker_url: str) -> None:
    meter = Meter(broker_url, MeterSettings(realtime_every_s=0.1, energy_every_s=0.1), meter_id="33B1225951001")
    with Listener(broker_url, REALTIME, ENERGY) as heard, meter:
        assert heard.wait(lambda: len(heard.on(REALTIME)) > 1 and len(heard.on(ENERGY)) > 1)
    assert {packet["id"] for packet in heard.on(REALTIME) + heard.on(ENERGY)} == {"33B1225951001"}


def test_ghosts_and_duplicates_come_in_the_order_of_real_meters(broker_url: str) -> None:
    settings = MeterSettings(realtime_every_s=60, energy_every_s=0.3, has_ghosts=True, has_duplicates=True)
    with Listener(broker_url, ENERGY) as heard, Meter(broker_url, settings, meter_id="33B1225951029"):
        assert heard.wait(lambda: len(heard.on(ENERGY)) >= 6)
    packets = heard.on(ENERGY)[:6]
    assert [packet["id"][-4:] for packet in packets] == ["1029", "1030", "1029"] * 2
    assert [packet["zygsz"] > 0 for packet in packets] == [True, False, True] * 2
    assert packets[0] == packets[2]
    assert packets[0]["time"] == packets[1]["time"]


def test_an_interval_command_is_answered_and_takes_effect(broker_url: str) -> None:
    meter = Meter(broker_url, MeterSettings(realtime_every_s=3600, energy_every_s=3600), meter_id="33B1225951028")
    with Listener(broker_url, *REPLIES, REALTIME) as heard, meter:
        assert heard.wait(lambda: heard.on(REALTIME))
        heard.say("MQTT_COMMOD_SET_25951028", json.dumps({"oprid": OPRID, "Cmd": "0000", "value": "30", "types": "1"}))
        assert heard.wait(lambda: heard.on("MQTT_COMMOD_SET_REP"))
        heard.say("MQTT_COMMOD_READ_25951028", json.dumps({"oprid": OPRID, "Cmd": "0000", "types": "1"}))
        assert heard.wait(lambda: heard.on("MQTT_COMMOD_READ_REP"))
    assert heard.on("MQTT_COMMOD_SET_REP") == [{"id": "33B1225951028", "oprid": OPRID, "code": "01"}]
    assert heard.on("MQTT_COMMOD_READ_REP")[0]["value"] == "30"
    assert meter.settings.realtime_every_s == 30


def test_an_interval_that_the_protocol_does_not_know_fails(broker_url: str) -> None:
    meter = Meter(broker_url, meter_id="33B1225951002")
    with Listener(broker_url, *REPLIES, REALTIME) as heard, meter:
        assert heard.wait(lambda: any(packet["id"] == "33B1225951002" for packet in heard.on(REALTIME)))
        heard.say("MQTT_COMMOD_SET_25951002", json.dumps({"oprid": OPRID, "Cmd": "0000", "value": "5", "types": "1"}))
        assert heard.wait(lambda: heard.on("MQTT_COMMOD_SET_REP"))
    assert heard.on("MQTT_COMMOD_SET_REP")[0]["code"] == "02"
    assert meter.settings.realtime_every_s == 30


def test_setting_the_clock_is_answered_and_moves_its_time(broker_url: str) -> None:
    never_set = MeterSettings(realtime_every_s=0.2, clock_off=timedelta(days=-7670))
    meter = Meter(broker_url, never_set, meter_id="33B1225951003")
    with Listener(broker_url, *REPLIES, REALTIME) as heard, meter:
        assert heard.wait(lambda: heard.on(REALTIME))
        assert heard.on(REALTIME)[0]["time"].startswith("200")
        said = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
        heard.say("MQTT_SETTIME_25951003", json.dumps({"oprid": OPRID, "time": said}))
        assert heard.wait(lambda: heard.on("MQTT_METER_TIME_REP"))
        assert heard.wait(lambda: heard.on(REALTIME)[-1]["time"] >= said)
    assert heard.on("MQTT_METER_TIME_REP")[0]["code"] == "01"


def test_a_command_with_a_short_oprid_is_not_answered(broker_url: str) -> None:
    meter = Meter(broker_url, meter_id="33B1225951004")
    with Listener(broker_url, *REPLIES, REALTIME) as heard, meter:
        assert heard.wait(lambda: any(packet["id"] == "33B1225951004" for packet in heard.on(REALTIME)))
        for oprid in ("short", OPRID):
            heard.say("MQTT_SETTIME_25951004", json.dumps({"oprid": oprid, "time": "20260112163900"}))
        assert heard.wait(lambda: heard.on("MQTT_METER_TIME_REP"))
        assert len(meter.commands) == 2
    assert [answer["oprid"] for answer in heard.on("MQTT_METER_TIME_REP")] == [OPRID]


def test_the_ghost_of_a_meter_carries_the_next_id() -> None:
    assert next_id("33B1225950028") == "33B1225950029"
    assert next_id("33B1225950099") == "33B1225950100"


def test_the_relay_is_switched_and_its_state_answered(broker_url: str) -> None:
    meter = Meter(broker_url, MeterSettings(realtime_every_s=0.2), meter_id="33B1225951004")
    with Listener(broker_url, "MQTT_TELECTRL_REP", REALTIME) as heard, meter:
        assert heard.wait(lambda: any(packet["id"] == "33B1225951004" for packet in heard.on(REALTIME)))
        heard.say("MQTT_TELECTRL_25951004", json.dumps({"do1": "0", "oprid": OPRID}))
        assert heard.wait(lambda: heard.on("MQTT_TELECTRL_REP"))
    said = heard.on("MQTT_TELECTRL_REP")[0]
    assert (said["do1"], said["code"], meter.relay) == ("0", "01", "0")
