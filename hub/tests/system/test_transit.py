"""Messages that pass through unstored: the source is answered once the target has them, whatever dies in between."""

from __future__ import annotations

import pytest

from hub.tests.system.ledger import ledger
from hub.tests.system.load import Load, missing
from hub.tests.system.questions import count_messages, deliveries, wait_until_connected, wait_until_held
from hub.tests.system.waiting import wait_for
from hub.tests.system.world import World
from simulators.pseudo_terminal import PseudoTerminal

LINKS = ("broker:plant", "broker:meters", "device:board", "transit:plant")
SLOW_S = 60.0
"""The limit for what includes the start of a process."""


def configuration(world: World) -> str:
    """Two topics in transit to the other broker, one to a device, and one that is stored."""
    return f"""
version: 1
brokers:
{world.broker_lines("plant", "receive_maximum: 100")}
{world.broker_lines("meters")}
devices:
  - {{name: board, driver: lines, port: {world.port("board")}}}
topics:
  - {{name: load-1, broker: plant, direction: in, filter: load/1, qos: 1, codec: text, store: false}}
  - {{name: load-2, broker: plant, direction: in, filter: load/2, qos: 2, codec: text, store: false}}
  - {{name: orders, broker: plant, direction: in, filter: orders, qos: 1, codec: text, store: false}}
  - {{name: numbers, broker: plant, direction: in, filter: numbers, qos: 1, codec: json, store: false}}
  - {{name: kept, broker: plant, direction: in, filter: kept, qos: 1, codec: text}}
  - {{name: copies-1, broker: meters, direction: out, filter: copies/1, qos: 1}}
  - {{name: copies-2, broker: meters, direction: out, filter: copies/2, qos: 2}}
  - {{name: hot, broker: meters, direction: out, filter: "hot/{{payload.id}}", qos: 1}}
rules:
  - {{name: copy 1, sources: [{{topic: load-1}}], actions: [{{publish: copies-1}}]}}
  - {{name: copy 2, sources: [{{topic: load-2}}], actions: [{{publish: copies-2}}]}}
  - {{name: order, sources: [{{topic: orders}}], actions: [{{write: board}}]}}
  - {{name: hot, sources: [{{topic: numbers}}], condition: "payload.t > 30.0", actions: [{{publish: hot}}]}}
"""


@pytest.fixture(scope="module")
def board(world: World) -> PseudoTerminal:
    """The wire of the device."""
    return world.wire("board")


@pytest.fixture(scope="module")
def running(world: World, board: PseudoTerminal) -> World:
    """The running hub."""
    world.hub.configure(configuration(world))
    world.hub.start_worker()
    wait_until_connected(world.database, *LINKS, within_s=SLOW_S)
    return world


def restart_killed(running: World, *links: str) -> None:
    """`kill -9` of the worker, and another one that holds these links."""
    running.hub.worker.kill()
    wait_until_held(running.database, running.hub.start_worker().pid, *links, within_s=SLOW_S)


def books(running: World) -> dict[str, int]:
    return ledger(running.database).get("transit:plant", dict.fromkeys(("passed", "delivered", "dead"), 0))


@pytest.mark.parametrize("qos", [1, 2])
def test_a_dead_target_and_a_killed_worker_lose_nothing_and_stall_no_stored_topic(running: World, qos: int) -> None:
    database, topic = running.database, f"load/{qos}"
    stored_before = count_messages(database, "broker:plant", "kept")
    consumer = running.peer(running.meters, [(f"copies/{qos}", 2)])
    with Load(running.peer(running.plant), topic, qos=qos, count=900, per_s=400) as load:
        consumer.wait(lambda messages: len(messages) > 100, SLOW_S)
        running.meters.stop()
        running.peer(running.plant).publish("kept", b"kept all the while %d" % qos)
        wait_for(lambda: count_messages(database, "broker:plant", "kept") > stored_before, within_s=SLOW_S)
        restart_killed(running, "broker:plant", "transit:plant")
        load.wait_until_confirmed()
        running.meters.start()
        consumer.wait(lambda messages: len({message.payload for message in messages}) > 500, SLOW_S)
        restart_killed(running, *LINKS)
        consumer.wait(lambda messages: len({message.payload for message in messages}) >= load.count, SLOW_S)
    assert not missing(consumer.payloads(), load)
    assert count_messages(database, "broker:plant", topic) == 0
    assert not deliveries(database, "broker:meters")


def test_what_passes_is_counted_and_balances(running: World) -> None:
    before = books(running)
    consumer, source = running.peer(running.meters, [("hot/#", 2)]), running.peer(running.plant)
    for number in range(20):
        source.publish("numbers", b'{"id": "k%d", "t": %d}' % (number, 21 + number))
    consumer.wait(lambda messages: len(messages) >= 10, SLOW_S)
    wait_for(lambda: books(running)["passed"] - before["passed"] == 20, within_s=SLOW_S)
    now = books(running)
    assert now["delivered"] - before["delivered"] == len(consumer.payloads()) == 10
    assert now["received"] == now["passed"] + now["duplicate"] + now["dead"] + now["dropped"]
    assert now["created"] == now["delivered"]


def test_what_cannot_be_read_or_addressed_is_a_dead_letter_with_its_bytes_and_the_next_goes_on(running: World) -> None:
    database = running.database
    consumer, source = running.peer(running.meters, [("hot/#", 2)]), running.peer(running.plant)
    source.publish("numbers", b"\xff not json")
    source.publish("numbers", b'{"id": "a/#", "t": 99}')
    source.publish("numbers", b'{"id": "next", "t": 99}')
    consumer.wait(lambda messages: [message.topic for message in messages] == ["hot/next"], SLOW_S)
    wait_for(lambda: deliveries(database, "broker:meters", "dead"), within_s=SLOW_S, what="the bad address is dead")
    letters = database.rows("SELECT source, stage, payload FROM telemetry_deadletter")
    assert [(row[0], row[1], bytes(row[2])) for row in letters] == [("broker:plant", "decode", b"\xff not json")]
    assert ledger(database)["broker:meters"]["created"] == ledger(database)["broker:meters"]["refused"] == 1


def test_a_message_in_transit_is_written_to_a_device(running: World, board: PseudoTerminal) -> None:
    running.peer(running.plant).publish("orders", b"print now")
    got = bytearray()

    def has_come() -> bool:
        got.extend(board.read(0.2))
        return b"print now" in got

    wait_for(has_come, within_s=SLOW_S, what="the device got it")
    assert not deliveries(running.database, "device:board")
