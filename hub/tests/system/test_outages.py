"""A plug is pulled, a broker, Redis or the database goes away and comes back: everything is there, in order."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic

import pytest

from hub.tests.system.http_client import Api, EventStream, Listener, LiveSocket
from hub.tests.system.ledger import assert_ledger_balances
from hub.tests.system.load import Load, first_occurrences, numbered
from hub.tests.system.questions import count_messages, count_open, link_state, payloads, wait_until_connected
from hub.tests.system.waiting import loaded, wait_for
from hub.tests.system.world import World
from simulators.pseudo_terminal import PseudoTerminal

LINKS = ("broker:plant", "broker:meters", "device:scale")
PACKET = {"device_id": "esp-7", "timestamp": "2026-01-12T16:39:00Z", "measurements": {"temperature": 21.5}}


def configuration(world: World) -> str:
    """Messages of one broker go to the other, and lines of the scale to both."""
    return f"""
version: 1
brokers:
{world.broker_lines("plant")}
{world.broker_lines("meters")}
devices:
  - {{name: scale, driver: lines, port: {world.port("scale")}}}
topics:
  - {{name: load, broker: plant, direction: in, filter: "load/+", qos: 1, codec: text}}
  - {{name: copies, broker: meters, direction: out, filter: "copies/{{topic[1]}}", qos: 1}}
  - {{name: lines, broker: plant, direction: out, filter: lines, qos: 1}}
  - {{name: copied-lines, broker: meters, direction: out, filter: lines, qos: 1}}
rules:
  - {{name: copy, sources: [{{topic: load}}], actions: [{{publish: copies}}]}}
  - {{name: lines, sources: [{{device: scale}}], actions: [{{publish: lines}}, {{publish: copied-lines}}]}}
"""


@pytest.fixture(scope="module")
def scale(world: World) -> PseudoTerminal:
    """The device's end of the scale's wire."""
    return world.wire("scale")


@pytest.fixture(scope="module")
def running(world: World, scale: PseudoTerminal) -> World:
    """The running hub."""
    world.hub.configure(configuration(world))
    world.hub.start_worker()
    world.hub.start_web()
    wait_until_connected(world.database, *LINKS)
    return world


@pytest.fixture(autouse=True)
def books(running: World) -> Iterator[None]:
    """After each test all links are back and the ledger balances."""
    yield
    wait_until_connected(running.database, *LINKS)
    assert_ledger_balances(running.database)


@pytest.fixture
def api(running: World) -> Api:
    return Api(running.hub.port, running.hub.api_key)


def test_a_pulled_plug_is_said_and_the_port_is_open_again_two_seconds_after_its_return(
    running: World, scale: PseudoTerminal
) -> None:
    database = running.database
    plant = running.peer(running.plant, [("lines", 1)])
    gaps = "SELECT count(*) FROM telemetry_message WHERE source = 'device:scale' AND kind = 'gap'"
    before = database.value(gaps)
    scale.unplug()
    wait_for(lambda: link_state(database, "device:scale") == "lost", within_s=loaded(2.0))
    replugged_at = monotonic()
    scale.replug()
    wait_for(lambda: link_state(database, "device:scale") == "connected", within_s=loaded(2.0))
    assert monotonic() - replugged_at < loaded(2.0)
    wait_for(lambda: database.value(gaps) == before + 1, what="the opening is in the history")
    scale.write(b"after the replug\r\n")
    plant.wait_for_payload(b"after the replug")


def test_a_crash_of_a_broker_loses_and_reorders_nothing(running: World, scale: PseudoTerminal) -> None:
    database, topic = running.database, "load/crash"
    consumer = running.peer(running.plant, [("lines", 1)])
    publisher = running.peer(running.plant)
    publisher.publish(topic, numbered(0))
    wait_for(lambda: count_messages(database, "broker:plant", topic) == 1, what="the way in works")
    consumer.forget()
    running.plant.kill()
    wait_for(lambda: link_state(database, "broker:plant") == "lost")
    lines = [b"line %03d" % number for number in range(100)]
    scale.write(b"".join(line + b"\r\n" for line in lines))
    for number in range(1, 100):
        publisher.publish_soon(topic, numbered(number))
    wait_for(lambda: count_messages(database, "device:scale") >= len(lines), what="the lines are stored meanwhile")
    running.plant.start()
    wait_for(lambda: count_messages(database, "broker:plant", topic) == 100, within_s=30, what="all are stored")
    assert first_occurrences(payloads(database, "broker:plant", topic=topic)) == [numbered(n) for n in range(100)]
    consumer.wait(lambda messages: len({message.payload for message in messages}) == len(lines), 30)
    assert first_occurrences(consumer.payloads()) == lines


def test_without_redis_messages_are_stored_and_delivered_and_live_push_returns_with_it(
    running: World, scale: PseudoTerminal, api: Api
) -> None:
    database, topic = running.database, "load/redis"
    consumer = running.peer(running.meters, [("copies/redis", 1), ("lines", 1)])
    with EventStream(api) as stream, LiveSocket(api) as socket:
        running.redis.stop()
        with Load(running.peer(running.plant), topic, qos=1, count=200, per_s=20) as load:
            wait_for(lambda: count_messages(database, "broker:plant", topic) == load.count, within_s=60)
        consumer.wait(lambda messages: len(messages) >= load.count)
        assert consumer.payloads() == load.payloads
        scale.write(b"without redis\r\n")
        consumer.wait_for_payload(b"without redis")
        assert api.post("packets", PACKET).status == 201
        running.redis.start()
        for listener in (stream, socket):
            _send_until_heard(scale, listener)
    with LiveSocket(api) as late:
        scale.write(b"a new page\r\n")
        late.wait(lambda event: event.get("text") == "a new page")


def test_without_its_database_the_hub_loses_nothing_that_can_be_kept(
    running: World, scale: PseudoTerminal, api: Api
) -> None:
    database, topic = running.database, "load/database"
    consumer = running.peer(running.meters, [("copies/database", 1), ("lines", 1)])
    publisher = running.peer(running.plant)
    lines = [b"spooled %03d" % number for number in range(50)]
    with Load(publisher, topic, qos=1, count=1000, per_s=150) as load:
        wait_for(lambda: count_messages(database, "broker:plant", topic) >= 100, what="the load has begun")
        with database.away():
            for line in lines:
                scale.write(line + b"\r\n")
            load.wait_until_confirmed()
            assert api.post("packets", PACKET).status == 503
    wait_for(lambda: count_messages(database, "broker:plant", topic) == load.count, within_s=60)
    wait_for(lambda: set(lines) <= set(payloads(database, "device:scale")), what="every line is stored")
    wait_for(lambda: count_open(database) == 0, what="every delivery is settled")
    assert first_occurrences(payloads(database, "broker:plant", topic=topic)) == load.payloads
    assert [line for line in payloads(database, "device:scale") if line.startswith(b"spooled")] == lines
    consumer.wait(lambda messages: len({message.payload for message in messages}) >= load.count + len(lines))
    assert first_occurrences(consumer.payloads("copies/database")) == load.payloads
    assert first_occurrences([line for line in consumer.payloads("lines") if line.startswith(b"spooled")]) == lines
    wait_for(lambda: api.post("packets", PACKET).status == 201, what="packets are taken again")


def test_a_database_that_is_away_for_longer_than_a_lease_costs_nothing(running: World, scale: PseudoTerminal) -> None:
    database, topic = running.database, "load/long"
    if database.name == "sqlite":
        pytest.skip("a locked file only makes the hub wait")
    consumer = running.peer(running.meters, [("copies/long", 1)])
    lines = [b"long ago %03d" % number for number in range(50)]
    with Load(running.peer(running.plant), topic, qos=1, count=3000, per_s=150) as load:
        wait_for(lambda: count_messages(database, "broker:plant", topic) >= 100, what="the load has begun")
        with database.away():
            left = _disconnects(running)
            for line in lines:
                scale.write(line + b"\r\n")
            wait_for(lambda: _disconnects(running) > left, within_s=60, what="the hub leaves the broker")
        wait_for(lambda: count_messages(database, "broker:plant", topic) == load.count, within_s=90, what="all stored")
    wait_for(lambda: count_open(database) == 0, within_s=30, what="every delivery is settled")
    assert first_occurrences(payloads(database, "broker:plant", topic=topic)) == load.payloads
    consumer.wait(lambda messages: len({message.payload for message in messages}) >= load.count)
    assert first_occurrences(consumer.payloads()) == load.payloads
    assert [line for line in payloads(database, "device:scale") if line.startswith(b"long ago")] == lines


def _disconnects(running: World) -> int:
    return sum("patchbay-" in line and "disconnected" in line for line in running.plant.log.splitlines())


def _send_until_heard(scale: PseudoTerminal, listener: Listener) -> None:
    """A page that was open all the time hears of new messages again."""
    word = type(listener).__name__

    def is_heard() -> bool:
        scale.write(word.encode() + b"\r\n")
        return any(event.get("text") == word for event in list(listener.events))

    wait_for(is_heard, within_s=30, what=f"the {word} hears of new messages", every_s=0.5)
