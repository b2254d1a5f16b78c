"""What the hub is for: weights go from the scale to the broker and the printer, commands and packets their ways."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from hub.tests.system.http_client import Api, EventStream, LiveSocket
from hub.tests.system.ledger import assert_ledger_balances
from hub.tests.system.questions import deliveries, payloads, wait_until_connected
from hub.tests.system.waiting import wait_for
from hub.tests.system.world import World
from simulators.meter_values import MeterValues, energy_text
from simulators.printer import Printer
from simulators.scale import Scale

METER = "33B1225950028"
SAMPLES = [json.loads(line) for line in (Path(__file__).parent / "samples" / "kpm33b.jsonl").open()]


def configuration(world: World) -> str:
    """The task as a user would write it down."""
    return f"""
version: 1
brokers:
{world.broker_lines("plant")}
{world.broker_lines("meters")}
devices:
  - {{name: scale, driver: lines, port: {world.port("scale")}, baud: 9600, options: {{metric: weight}}}}
  - {{name: printer, driver: escpos, port: {world.port("printer")}, baud: 115200}}
topics:
  - {{name: commands, broker: plant, direction: in, filter: scale/command, qos: 2, codec: text}}
  - name: seconds
    broker: meters
    direction: in
    filter: MQTT_RT_DATA
    qos: 1
    codec: kpm33b
  - name: minutes
    broker: meters
    direction: in
    filter: MQTT_ENY_NOW
    qos: 1
    codec: kpm33b
  - {{name: weights, broker: plant, direction: out, filter: scale/weight, qos: 2}}
  - {{name: central-seconds, broker: plant, direction: out, filter: "kpm33b/{{device}}/seconds", qos: 1}}
  - {{name: central-minutes, broker: plant, direction: out, filter: "kpm33b/{{device}}/minutes", qos: 1}}
  - {{name: packets, broker: plant, direction: out, filter: "packets/{{device}}", qos: 1}}
rules:
  - {{name: weights, sources: [{{device: scale}}], actions: [{{publish: weights}}, {{write: printer}}]}}
  - {{name: commands, sources: [{{topic: commands}}], actions: [{{write: scale}}]}}
  - name: seconds
    sources: [{{topic: seconds}}]
    condition: "readings.active_power >= 0.0"
    transform: {{id: device, time: payload.time, active_power: readings.active_power}}
    actions: [{{publish: central-seconds}}]
  - name: minutes
    sources: [{{topic: minutes}}]
    transform: {{id: device, time: payload.time, active_energy: readings.active_energy}}
    actions: [{{publish: central-minutes}}]
  - {{name: packets, sources: [{{packets: true}}], actions: [{{publish: packets}}]}}
"""


@pytest.fixture(scope="module")
def scale(world: World) -> Scale:
    scale = Scale(world.wire("scale"))
    scale.load.put(12.34)
    return world.run(scale)


@pytest.fixture(scope="module")
def printer(world: World) -> Printer:
    return world.run(Printer(world.wire("printer")))


@pytest.fixture(scope="module")
def api(world: World, scale: Scale, printer: Printer) -> Api:
    """The running hub."""
    world.hub.configure(configuration(world))
    world.hub.start_worker()
    world.hub.start_web()
    wait_until_connected(world.database, "broker:plant", "broker:meters", "device:scale", "device:printer")
    return Api(world.hub.port, world.hub.api_key)


@pytest.fixture(autouse=True)
def books(world: World, api: Api) -> Iterator[None]:
    """After each test the ledger balances."""
    yield
    assert_ledger_balances(world.database)


def test_a_scale_line_is_published_at_qos_2(world: World, scale: Scale) -> None:
    plant = world.peer(world.plant, [("scale/weight", 2)])
    scale.terminal.write(b"     101.500 g\r\n")
    message = plant.wait_for_payload(b"     101.500 g")
    assert (message.topic, message.qos) == ("scale/weight", 2)


def test_a_scale_line_is_printed_byte_for_byte_with_one_line_feed(scale: Scale, printer: Printer) -> None:
    printer.received.clear()
    scale.terminal.write(b"     102.500 g\r\n")
    assert printer.received.wait(lambda data: data.endswith(b"\n"))
    assert printer.received.data == b"     102.500 g\n"


def test_a_command_reaches_the_scale_as_exactly_one_byte_and_is_answered(world: World, scale: Scale) -> None:
    plant = world.peer(world.plant, [("scale/weight", 2)])
    scale.received.clear()
    plant.publish("scale/command", b"w", 2)
    plant.wait(lambda messages: any(b" g" in message.payload for message in messages))
    assert scale.received.data == b"w"
    wait_for(lambda: deliveries(world.database, "device:scale")[-1][1] == "delivered", what="the write is settled")


def test_a_meters_seconds_go_to_the_other_broker_as_id_time_and_power(world: World) -> None:
    text = MeterValues(Random(7)).realtime(METER, datetime(2026, 1, 12, 16, 39, tzinfo=UTC))
    plant, meter = world.peer(world.plant, [("kpm33b/#", 1)]), world.peer(world.meters)
    meter.publish("MQTT_RT_DATA", text)
    message = plant.wait(lambda messages: messages)[0]
    assert message.topic == f"kpm33b/{METER}/seconds"
    power = json.loads(text)["zyggl"]
    assert json.loads(message.payload) == {"id": METER, "time": "20260112163900", "active_power": power}
    assert list(json.loads(message.payload)) == ["id", "time", "active_power"]


@pytest.mark.parametrize("sample", [s for s in SAMPLES if "GHOST" not in s["notes"]], ids=lambda s: s["payload"][7:20])
def test_a_real_meters_minutes_go_to_the_other_broker(world: World, sample: dict[str, str]) -> None:
    plant, meter = world.peer(world.plant, [("kpm33b/#", 1)]), world.peer(world.meters)
    meter.publish(sample["topic"], sample["payload"])
    message = plant.wait(lambda messages: messages)[0]
    said = json.loads(sample["payload"])
    assert message.topic == f"kpm33b/{said['id']}/minutes"
    assert json.loads(message.payload) == {"id": said["id"], "time": said["time"], "active_energy": said["zygsz"]}


def test_a_meters_ghost_is_stored_and_not_passed_on(world: World) -> None:
    ghost = next(sample for sample in SAMPLES if "GHOST" in sample["notes"])
    plant, meter = world.peer(world.plant, [("kpm33b/#", 1)]), world.peer(world.meters)
    meter.publish(ghost["topic"], ghost["payload"])
    meter.publish(ghost["topic"], energy_text(METER, datetime(2026, 1, 12, 17, 15, tzinfo=UTC), {"j": 8.006}))
    first = plant.wait(lambda messages: messages)[0]
    assert json.loads(first.payload)["time"] == "20260112171500"
    assert ghost["payload"].encode() in payloads(world.database, "broker:meters")


def test_a_posted_packet_is_stored_published_and_seen_live(world: World, api: Api) -> None:
    packet = {
        "device_id": "esp-7",
        "timestamp": "2026-01-12T16:39:00Z",
        "measurements": {"temperature": {"value": 21.5, "unit": "C"}},
    }
    plant = world.peer(world.plant, [("packets/#", 1)])
    with EventStream(api) as stream, LiveSocket(api) as socket:
        answer = api.post("packets", packet)
        assert answer.status == 201
        packet_id = answer.body["id"]
        for listener in (stream, socket):
            event = listener.wait(lambda event: event.get("id") == packet_id)
            assert event["source"] == "packets"
            assert [reading["value"] for reading in event["readings"]] == [21.5]
    assert json.loads(plant.wait(lambda messages: messages)[0].payload) == packet
    assert plant.messages[0].topic == "packets/esp-7"
    assert api.get(f"packets/{packet_id}").body["device"] == "esp-7"


def test_a_post_without_a_key_is_refused(api: Api) -> None:
    assert Api(api.port, "nothing").post("packets", {}).status == 401
