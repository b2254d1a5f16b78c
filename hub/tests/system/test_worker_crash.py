"""`kill -9` of a worker at any instant: what a broker handed over is neither lost nor, at QoS 2, taken twice."""

from __future__ import annotations

from collections.abc import Iterator
from random import randrange

import pytest

from hub.tests.system.ledger import assert_ledger_balances
from hub.tests.system.load import Load, first_occurrences, missing
from hub.tests.system.mqtt_peer import MqttPeer
from hub.tests.system.questions import (
    count_messages,
    count_open,
    deliveries,
    payloads,
    wait_until_connected,
    wait_until_held,
)
from hub.tests.system.waiting import wait_for
from hub.tests.system.world import World
from simulators.pseudo_terminal import PseudoTerminal

RECEIVE_MAXIMUM = 500
KILLS = 2
LINKS = ("broker:plant", "broker:meters", "device:printer", "device:board")
RECEIPT = b"\n".join(b"%04d a line of a very long receipt" % number for number in range(8000))
"""More than the kernel holds for a device that does not read."""


def configuration(world: World) -> str:
    """Two loads through the hub, and two devices that do not read."""
    return f"""
version: 1
brokers:
{world.broker_lines("plant", f"receive_maximum: {RECEIVE_MAXIMUM}")}
{world.broker_lines("meters")}
devices:
  - {{name: printer, driver: escpos, port: {world.port("printer")}, baud: 115200, write_timeout: 300}}
  - name: board
    driver: lines
    port: {world.port("board")}
    write_timeout: 300
    options: {{writes_may_repeat: true}}
topics:
  - {{name: load-1, broker: plant, direction: in, filter: load/1, qos: 1, codec: text}}
  - {{name: load-2, broker: plant, direction: in, filter: load/2, qos: 2, codec: text}}
  - {{name: receipts, broker: plant, direction: in, filter: print/receipt, qos: 1, codec: bytes}}
  - {{name: orders, broker: plant, direction: in, filter: board/order, qos: 1, codec: bytes}}
  - {{name: copies-1, broker: meters, direction: out, filter: copies/1, qos: 1}}
  - {{name: copies-2, broker: meters, direction: out, filter: copies/2, qos: 2}}
rules:
  - {{name: copy 1, sources: [{{topic: load-1}}], actions: [{{publish: copies-1}}]}}
  - {{name: copy 2, sources: [{{topic: load-2}}], actions: [{{publish: copies-2}}]}}
  - {{name: print, sources: [{{topic: receipts}}], actions: [{{write: printer}}]}}
  - {{name: order, sources: [{{topic: orders}}], actions: [{{write: board}}]}}
"""


@pytest.fixture(scope="module")
def wires(world: World) -> dict[str, PseudoTerminal]:
    """Nobody reads at the other end of these."""
    return {name: world.wire(name) for name in ("printer", "board")}


@pytest.fixture(scope="module")
def running(world: World, wires: dict[str, PseudoTerminal]) -> World:
    """The running hub."""
    world.hub.configure(configuration(world))
    world.hub.start_worker()
    wait_until_connected(world.database, *LINKS)
    return world


@pytest.fixture(autouse=True)
def books(running: World) -> Iterator[None]:
    """After each test the ledger balances."""
    yield
    assert_ledger_balances(running.database)


@pytest.mark.parametrize("qos", [1, 2])
def test_killing_the_worker_under_load_loses_nothing(running: World, qos: int) -> None:
    database, topic = running.database, f"load/{qos}"
    consumer = running.peer(running.meters, [(f"copies/{qos}", 2)])
    with Load(running.peer(running.plant), topic, qos=qos, count=3000, per_s=400) as load:
        _kill_now_and_then(running, topic, load)
        load.wait_until_confirmed()
        _wait_until_stored(running, topic, load.count)
    wait_for(lambda: count_open(database) == 0, within_s=60, what="every delivery is settled")
    stored = payloads(database, "broker:plant", topic=topic)
    if qos == 2:
        assert stored == load.payloads
    else:
        assert first_occurrences(stored) == load.payloads
        assert len(stored) - load.count <= KILLS * RECEIVE_MAXIMUM
    _assert_each_copy_came(running, load, consumer, topic=topic, is_exact=qos == 2)


def _kill_now_and_then(running: World, topic: str, load: Load) -> None:
    for kill in range(KILLS):
        moment = randrange(load.count * kill // KILLS + 50, load.count * (kill + 1) // KILLS - 300)
        _wait_until_stored(running, topic, moment)
        running.hub.worker.kill()
        running.hub.start_worker()


def _wait_until_stored(running: World, topic: str, count: int) -> None:
    database = running.database
    wait_for(lambda: count_messages(database, "broker:plant", topic) >= count, within_s=60, what=f"{count} are stored")


def _assert_each_copy_came(running: World, load: Load, consumer: MqttPeer, *, topic: str, is_exact: bool) -> None:
    """Every committed delivery reached its consumer; what came twice came under the same id."""
    rows = running.database.rows("SELECT id, payload FROM telemetry_delivery WHERE address = %s", f"copies/{topic[-1]}")
    created = {str(row[0]): bytes(row[1]) for row in rows}
    consumer.wait(lambda messages: len({message.id for message in messages}) >= len(created))
    came = {message.id.replace("-", ""): message.payload for message in consumer.messages}
    assert came == created
    assert not missing(list(came.values()), load)
    if is_exact:
        assert len(created) == load.count


def test_a_receipt_cut_short_by_a_crash_waits_for_a_person(running: World, wires: dict[str, PseudoTerminal]) -> None:
    _kill_in_the_middle_of_a_write(running, "print/receipt", "device:printer")
    wait_for(lambda: deliveries(running.database, "device:printer")[0][1] == "unknown", what="the state is unknown")
    assert "nobody knows what the device got" in deliveries(running.database, "device:printer")[0][2]
    _read_away(wires["printer"])
    running.peer(running.plant).publish("print/receipt", b"the next receipt")
    wait_for(lambda: len(deliveries(running.database, "device:printer", "delivered")) == 1, what="the next is printed")
    assert _read_away(wires["printer"]).endswith(b"the next receipt\n")


def test_a_write_that_may_repeat_is_written_again_after_a_crash(
    running: World, wires: dict[str, PseudoTerminal]
) -> None:
    _kill_in_the_middle_of_a_write(running, "board/order", "device:board")
    got = bytearray()

    def is_delivered() -> bool:
        got.extend(_read_away(wires["board"]))
        return deliveries(running.database, "device:board")[0][1] == "delivered"

    wait_for(is_delivered, within_s=30, what="the write is delivered")
    got.extend(_read_away(wires["board"]))
    assert got.endswith(RECEIPT)
    assert len(got) > len(RECEIPT)


def _kill_in_the_middle_of_a_write(running: World, topic: str, target: str) -> None:
    running.peer(running.plant).publish(topic, RECEIPT)
    wait_for(lambda: [row[1] for row in deliveries(running.database, target)] == ["sending"], what="the write began")
    running.hub.worker.kill()
    wait_until_held(running.database, running.hub.start_worker().pid, *LINKS)


def _read_away(wire: PseudoTerminal) -> bytes:
    """What lies on the wire."""
    got = bytearray()
    while data := wire.read(0.2):
        got += data
    return bytes(got)
