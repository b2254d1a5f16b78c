"""Home Assistant at a real broker: it learns of devices, of what they measure, of their absence, and forgets them.

One broker speaks MQTT 5 and the other 3.1.1, and at both the hub also reads back all that it says itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from hub.tests.system.ledger import assert_ledger_balances
from hub.tests.system.mqtt_peer import MqttPeer, Received
from hub.tests.system.processes import HubProcess
from hub.tests.system.questions import count_messages, payloads, wait_until_connected
from hub.tests.system.waiting import wait_for
from hub.tests.system.world import World

CONFIG = "homeassistant/sensor/patchbay_hall/temperature/config"
HUMIDITY = "homeassistant/sensor/patchbay_hall/humidity/config"
STATE, AVAILABILITY, STATUS = "patchbay/hall/state", "patchbay/hall/availability", "patchbay/status"
ALL = [("homeassistant/#", 1), ("patchbay/#", 1)]


def configuration(world: World, *, is_on: bool = True, is_hall_enabled: bool = True) -> str:
    """At both brokers a topic takes everything that is said for the words of one sensor."""
    discovery = f"discovery: {{enabled: {str(is_on).lower()}}}"
    old = world.broker_lines("meters", discovery).replace("protocol: 5", 'protocol: "3.1.1"')
    everything = 'direction: in, filter: "#", codec: sensor, device: hall, no_local: false'
    return f"""
version: 1
brokers:
{world.broker_lines("plant", discovery)}
{old}
devices:
  - {{name: hall, label: The hall, enabled: {str(is_hall_enabled).lower()}}}
topics:
  - {{name: all-of-plant, broker: plant, {everything}}}
  - {{name: all-of-meters, broker: meters, {everything}}}
"""


class HomeAssistant:
    """Hears what Home Assistant hears."""

    def __init__(self, peer: MqttPeer) -> None:
        self.peer = peer

    def until(self, condition: Callable[[dict[str, bytes]], object], within_s: float = 20.0) -> dict[str, bytes]:
        """What each topic said last, once the condition on that is true."""
        return self._last(self.peer.wait(lambda messages: condition(self._last(messages)), within_s))

    def count(self, topic: str) -> int:
        """How often a topic said something."""
        return len(self.peer.payloads(topic))

    def wait_for_more(self, topic: str, than: int, within_s: float = 20.0) -> None:
        """Wait until a topic has said something more often."""
        self.peer.wait(lambda _: self.count(topic) > than, within_s)

    @staticmethod
    def _last(messages: list[Received]) -> dict[str, bytes]:
        return {message.topic: message.payload for message in messages}


@pytest.fixture(scope="module")
def running(world: World) -> World:
    world.hub.configure(configuration(world))
    world.hub.start_worker()
    wait_until_connected(world.database, "broker:plant", "broker:meters")
    return world


@pytest.fixture(scope="module")
def assistant(running: World) -> HomeAssistant:
    return HomeAssistant(running.peer(running.plant, ALL))


@pytest.fixture(scope="module")
def old_assistant(running: World) -> HomeAssistant:
    return HomeAssistant(running.peer(running.meters, ALL))


@pytest.fixture(scope="module")
def sensor(running: World, assistant: HomeAssistant, old_assistant: HomeAssistant) -> MqttPeer:
    return running.peer(running.plant)


@pytest.fixture(autouse=True)
def books(running: World) -> Iterator[None]:
    """After each test the ledger balances."""
    yield
    assert_ledger_balances(running.database)


def is_kept(world: World, link: str, said: bytes) -> bool:
    return said in payloads(world.database, link, topic=STATE)


def state(**values: Any) -> bytes:
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode()


def test_a_device_with_a_reading_appears_with_its_config_its_availability_and_its_state(
    sensor: MqttPeer, assistant: HomeAssistant, old_assistant: HomeAssistant
) -> None:
    sensor.publish("sensors/hall", '{"temperature_c": 21.5}')
    for one in (assistant, old_assistant):
        said = one.until(lambda last: {CONFIG, AVAILABILITY, STATUS, STATE} <= last.keys())
        config = json.loads(said[CONFIG])
        assert (config["device_class"], config["unit_of_measurement"], config["state_topic"]) == (
            "temperature",
            "°C",
            STATE,
        )
        assert config["device"]["name"] == "The hall"
        assert (said[STATUS], said[AVAILABILITY]) == (b"online", b"online")
        assert said[STATE] == state(temperature={"°C": 21.5})
        one.wait_for_more(STATE, 1)  # once more, when Home Assistant has subscribed


def test_each_message_brings_one_state_though_the_hub_reads_back_what_it_says(
    running: World, sensor: MqttPeer, assistant: HomeAssistant, old_assistant: HomeAssistant
) -> None:
    assistant.peer.forget()
    old_assistant.peer.forget()
    expected = [state(temperature={"°C": float(number)}) for number in range(5)]
    for number, said in enumerate(expected):
        sensor.publish("sensors/hall", json.dumps({"temperature_c": number}))
        for link in ("broker:plant", "broker:meters"):  # what it would loop by now stands before the next
            wait_for(partial(is_kept, running, link, said), what="what the hub says is read back and kept")
    for one in (assistant, old_assistant):
        one.peer.wait_for_payload(expected[-1], topic=STATE)
        assert one.peer.payloads(STATE) == expected
    read = "SELECT count(*) FROM telemetry_message WHERE topic = %s AND device <> ''"
    assert running.database.value(read, STATE) == 0


def test_a_new_metric_gets_its_config(sensor: MqttPeer, assistant: HomeAssistant) -> None:
    sensor.publish("sensors/hall", '{"temperature_c": 21.5, "humidity_pct": 40}')
    said = assistant.until(lambda last: HUMIDITY in last)
    assert json.loads(said[HUMIDITY])["device_class"] == "humidity"


def test_whoever_comes_later_finds_configs_and_availability_but_no_old_state(
    running: World, assistant: HomeAssistant
) -> None:
    late = HomeAssistant(running.peer(running.plant, ALL))
    said = late.until(lambda last: {CONFIG, HUMIDITY, AVAILABILITY, STATUS} <= last.keys())
    assert STATE not in said


def test_when_home_assistant_starts_it_is_told_again(
    running: World, sensor: MqttPeer, assistant: HomeAssistant
) -> None:
    configs, states = assistant.count(CONFIG), assistant.count(STATE)
    sensor.publish("homeassistant/status", "online")
    assistant.wait_for_more(CONFIG, configs)
    assistant.wait_for_more(STATE, states)
    assert json.loads(assistant.peer.payloads(STATE)[-1]) == {"temperature": {"°C": 21.5}, "humidity": {"%": 40.0}}
    assert count_messages(running.database, "broker:plant", "homeassistant/status") == 1


def test_a_hub_that_is_stopped_or_lost_is_offline_and_then_online_again(
    running: World, assistant: HomeAssistant, old_assistant: HomeAssistant
) -> None:
    for end in (HubProcess.terminate, HubProcess.kill):
        end(running.hub.worker)
        for one in (assistant, old_assistant):
            assert one.until(lambda last: last[STATUS] == b"offline")[STATUS] == b"offline"
        running.hub.start_worker()
        for one in (assistant, old_assistant):
            assert one.until(lambda last: last[STATUS] == b"online", within_s=40)[STATUS] == b"online"


def test_a_device_that_is_disabled_disappears(running: World, assistant: HomeAssistant) -> None:
    running.hub.configure(configuration(running, is_hall_enabled=False))
    assistant.until(lambda last: last[CONFIG] == last[HUMIDITY] == last[AVAILABILITY] == b"")
    assert assistant.until(lambda last: STATUS in last)[STATUS] == b"online"


def test_switched_off_nothing_is_left_at_the_brokers(
    running: World, assistant: HomeAssistant, old_assistant: HomeAssistant
) -> None:
    running.hub.configure(configuration(running, is_on=False))
    for one in (assistant, old_assistant):
        one.until(lambda last: last[STATUS] == b"")
    for broker in (running.plant, running.meters):
        late = running.peer(broker, [*ALL, ("end", 1)])
        late.publish("end", "end")
        late.wait_for_payload(b"end")
        assert [message.topic for message in late.messages] == ["end"]
    assert running.database.value("SELECT count(*) FROM bridges_publisheddocument") == 0
