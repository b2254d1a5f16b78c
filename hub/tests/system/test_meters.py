"""Meters are brought to what people want: over REST, the wire, the reply, and back to REST."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from hub.tests.system.http_client import Api
from hub.tests.system.ledger import assert_ledger_balances
from hub.tests.system.mqtt_peer import MqttPeer
from hub.tests.system.questions import wait_until_connected
from hub.tests.system.waiting import wait_for
from hub.tests.system.world import World

METER, QUIET, STUBBORN = "33B1225950028", "33B1225950031", "33B1225950032"
SETTABLE = (METER, QUIET, STUBBORN)


def configuration(world: World) -> str:
    """Values, counters and the four replies."""
    names = ("RT_DATA", "ENY_NOW", "COMMOD_SET_REP", "COMMOD_READ_REP", "METER_TIME_REP", "TELECTRL_REP")
    lines = [
        f"  - {{name: m-{number}, broker: meters, direction: in, filter: MQTT_{name}, qos: 1, codec: kpm33b}}"
        for number, name in enumerate(names)
    ]
    return "\n".join(["version: 1", "brokers:", world.broker_lines("meters"), "topics:", *lines, ""])


class FakeMeters:
    """Answers commands as meters do; keeps every one."""

    def __init__(self, peer: MqttPeer) -> None:
        self.peer = peer

    def command(self, stem: str, meter: str, number: int = 0, *, within_s: float = 20.0) -> Any:
        """The so manieth command of this kind to this meter."""
        topic = f"MQTT_{stem}_{meter[-8:]}"
        self.peer.wait(lambda _: len(self.peer.payloads(topic)) > number, within_s)
        return json.loads(self.peer.payloads(topic)[number])

    def answer(self, stem: str, meter: str, command: Any, **said: str) -> None:
        """The reply to it."""
        reply = {"id": meter, "oprid": command["oprid"], "code": "01", **said}
        self.peer.publish(f"MQTT_{stem}_REP", json.dumps(reply))


@pytest.fixture(scope="module")
def api(world: World) -> Api:
    world.hub.configure(configuration(world))
    world.hub.start_worker()
    world.hub.start_web()
    wait_until_connected(world.database, "broker:meters")
    return Api(world.hub.port, world.hub.api_key)


@pytest.fixture(scope="module")
def meters(world: World, api: Api) -> FakeMeters:
    kinds = ("COMMOD_SET", "COMMOD_READ", "SETTIME", "TELECTRL")
    return FakeMeters(
        world.peer(world.meters, [(f"MQTT_{kind}_{name[-8:]}", 1) for kind in kinds for name in SETTABLE])
    )


@pytest.fixture(autouse=True)
def books(world: World, api: Api) -> Iterator[None]:
    """After each test the ledger balances."""
    yield
    assert_ledger_balances(world.database)


def until(api: Api, meter: str, condition: Callable[[Any], object], what: str) -> Any:
    def look() -> Any:
        said = api.get(f"meters/{meter}").body
        return said if condition(said) else None

    return wait_for(look, within_s=30, what=what)


def want(api: Api, meter: str, **wanted: Any) -> None:
    answer = api.post("meters", {"name": meter, "broker": "meters", **wanted})
    assert answer.status == 201, answer.body


def test_an_interval_set_over_rest_goes_over_the_wire_and_comes_back_as_reported(api: Api, meters: FakeMeters) -> None:
    want(api, METER, desired_seconds_interval=30)
    read = meters.command("COMMOD_READ", METER)
    assert (read["Cmd"], len(read["oprid"])) == ("0000", 32)
    meters.answer("COMMOD_READ", METER, read, Cmd="0000", value="60")
    command = meters.command("COMMOD_SET", METER)
    assert command == {"oprid": command["oprid"], "Cmd": "0000", "value": "30", "types": "1"}
    assert len(command["oprid"]) == 32
    meters.answer("COMMOD_SET", METER, command)
    said = until(api, METER, lambda said: (said["reported"]["seconds_interval"] or {}).get("value") == 30, "30 s")
    assert said["reported"]["seconds_interval"]["read_back"] is False
    again = meters.command("COMMOD_READ", METER, 1)
    meters.answer("COMMOD_READ", METER, again, Cmd="0000", value="30")
    said = until(api, METER, lambda said: said["reported"]["seconds_interval"]["read_back"], "the value read back")
    assert said["pending"] == []
    assert len(meters.peer.payloads(f"MQTT_COMMOD_SET_{METER[-8:]}")) == 1


def test_a_refusal_is_shown_and_not_repeated(api: Api, meters: FakeMeters) -> None:
    want(api, STUBBORN, desired_minutes_interval=15)
    meters.answer("COMMOD_READ", STUBBORN, meters.command("COMMOD_READ", STUBBORN), Cmd="0001", value="5")
    meters.answer("COMMOD_SET", STUBBORN, meters.command("COMMOD_SET", STUBBORN), code="02")
    said = until(api, STUBBORN, lambda said: said["pending"] and said["pending"][0]["state"] == "refused", "refused")
    assert said["pending"][0]["reason"] == "the meter refused it (code 02)"
    assert said["reported"]["minutes_interval"]["value"] == 5
    assert api.post(f"meters/{STUBBORN}/commands", {"command": "retry"}).status == 202
    meters.answer("COMMOD_SET", STUBBORN, meters.command("COMMOD_SET", STUBBORN, 1))
    until(api, STUBBORN, lambda said: said["reported"]["minutes_interval"]["value"] == 15, "15 min")


def test_what_is_not_acknowledged_is_told_again_with_another_oprid(api: Api, meters: FakeMeters) -> None:
    want(api, QUIET, desired_seconds_interval=300)
    first = meters.command("COMMOD_READ", QUIET)
    said = until(api, QUIET, lambda said: said["pending"] and said["pending"][0]["state"] == "unanswered", "unanswered")
    assert said["pending"][0]["reason"] == "the meter did not answer"
    second = meters.command("COMMOD_READ", QUIET, 1, within_s=60)
    assert second["oprid"] != first["oprid"]
    meters.answer("COMMOD_READ", QUIET, first, Cmd="0000", value="300")  # late, to the first one
    until(api, QUIET, lambda said: said["reported"]["seconds_interval"], "known")


def test_a_relay_is_switched_once_and_tells_its_state(api: Api, meters: FakeMeters) -> None:
    assert api.post(f"meters/{METER}/relay", {"state": "off"}).status == 202
    command = meters.command("TELECTRL", METER)
    assert command == {"do1": "0", "oprid": command["oprid"]}
    meters.answer("TELECTRL", METER, command, do1="0")
    said = until(api, METER, lambda said: said["reported"]["relay"], "the relay's state")
    assert said["reported"]["relay"]["state"] == "off"


def test_a_meter_is_added_when_it_is_heard_and_a_wrong_clock_is_set_once_that_is_wanted(
    api: Api, meters: FakeMeters
) -> None:
    packet = {"id": "33B1225950040", "zygsz": 117.612, "time": "20050113171500", "isend": "1"}
    meters.peer.publish("MQTT_ENY_NOW", json.dumps(packet))
    wait_for(lambda: api.get("meters/33B1225950040").status == 200, within_s=20, what="the meter is listed")
    said = until(api, "33B1225950040", lambda said: said["reported"]["clock"]["drift_s"], "the drift is known")
    assert said["reported"]["clock"]["drift_s"] < -timedelta(days=365).total_seconds()
    assert said["readings"]["active_energy"]["value"] == 117.612
    assert said["pending"] == []
    packet |= {"id": METER, "zygsz": 31.057}
    meters.peer.publish("MQTT_ENY_NOW", json.dumps(packet))
    answer = api.post("meter-defaults", {"name": "all", "broker": "meters", "keeps_clock": True, "zone": "+01:00"})
    assert answer.status == 201, answer.body
    command = meters.command("SETTIME", METER)
    assert len(command["time"]) == 14
    meters.answer("METER_TIME", METER, command, msg="ok")
    until(api, METER, lambda said: said["reported"]["clock"]["set_at"], "the clock was set")
