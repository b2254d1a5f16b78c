"""What a printer prints and what it must not: redeliveries, retained messages, commands in texts; tickets, again."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from bridges.mqtt.packets import Publish
from bridges.tests.fake_broker import FakeBroker
from hub.tests.system.http_client import Api
from hub.tests.system.ledger import assert_ledger_balances
from hub.tests.system.questions import deliveries, payloads, wait_until_connected, wait_until_held
from hub.tests.system.waiting import wait_for
from hub.tests.system.world import World
from simulators.printer import Printer

TEXTS = "{mode: text, code_page: cp858, init: true, cut: full}"
PRINTER, TILL = "device:printer", "device:till"
STORED = b"stored by the broker before the hub came"


def configuration(world: World, odd: FakeBroker) -> str:
    return f"""
version: 1
brokers:
{world.broker_lines("plant")}
  - {{name: odd, host: 127.0.0.1, port: {odd.port}, protocol: 5}}
devices:
  - {{name: printer, driver: escpos, port: {world.port("printer")}}}
  - {{name: till, driver: escpos, port: {world.port("till")}, options: {TEXTS}}}
topics:
  - {{name: odd-texts, broker: odd, direction: in, filter: print, qos: 1, codec: text}}
  - {{name: texts, broker: plant, direction: in, filter: print/text, qos: 1, codec: text}}
  - {{name: sales, broker: plant, direction: in, filter: print/sale, qos: 1, codec: json}}
  - {{name: raws, broker: plant, direction: in, filter: print/raw, qos: 1, codec: bytes}}
tickets:
  - name: sale
    template: |
      {{{{ center(big("Receipt")) }}}}
      {{% for item in payload.items %}}
      {{{{ row(item.name, (item.price | fixed(2, ",")) ~ " €") }}}}
      {{% endfor %}}
      {{{{ qr(payload.number) }}}}
    width: 32
rules:
  - {{name: odd, sources: [{{topic: odd-texts}}], actions: [{{write: printer}}]}}
  - {{name: texts, sources: [{{topic: texts}}], actions: [{{write: till}}]}}
  - {{name: sales, sources: [{{topic: sales}}], actions: [{{write: till, ticket: sale}}]}}
  - {{name: raws, sources: [{{topic: raws}}], actions: [{{write: till, raw: true}}]}}
"""


@pytest.fixture(scope="module")
def odd() -> Iterator[FakeBroker]:
    with FakeBroker() as broker:
        yield broker


@pytest.fixture(scope="module")
def printer(small_world: World) -> Printer:
    return small_world.run(Printer(small_world.wire("printer")))


@pytest.fixture(scope="module")
def till(small_world: World) -> Printer:
    return small_world.run(Printer(small_world.wire("till")))


@pytest.fixture(scope="module")
def api(small_world: World, odd: FakeBroker, printer: Printer, till: Printer) -> Api:
    """The running hub."""
    small_world.peer(small_world.plant).publish("print/text", STORED, 1, retain=True)
    small_world.hub.configure(configuration(small_world, odd))
    small_world.hub.start_worker()
    small_world.hub.start_web()
    wait_until_connected(small_world.database, "broker:plant", PRINTER, TILL)
    return Api(small_world.hub.port, small_world.hub.api_key)


@pytest.fixture(autouse=True)
def books(small_world: World, api: Api, till: Printer) -> Iterator[None]:
    """After each test the ledger balances."""
    till.received.clear()
    yield
    assert_ledger_balances(small_world.database)


def test_a_redelivered_message_is_printed_once(small_world: World, odd: FakeBroker, printer: Printer) -> None:
    first = odd.accept()
    first.publish(Publish("print", b"a receipt", 1, packet_id=7))
    assert first.read_ack().packet_id == 7
    assert printer.received.wait(lambda data: data == b"a receipt\n")
    first.close()
    second = odd.accept(is_resumed=True)
    second.publish(Publish("print", b"a receipt", 1, dup=True, packet_id=7))
    assert second.read_ack().packet_id == 7
    second.publish(Publish("print", b"the next", 1, packet_id=8))
    assert printer.received.wait(lambda data: data.endswith(b"the next\n"))
    assert printer.received.data == b"a receipt\nthe next\n"
    rows = small_world.database.rows(
        "SELECT duplicate_of FROM telemetry_message WHERE source = 'broker:odd' ORDER BY id"
    )
    assert [row[0] is not None for row in rows] == [False, True, False]


def test_what_a_broker_had_stored_is_not_printed_and_what_is_retained_live_once(
    small_world: World, till: Printer
) -> None:
    """Not again after a restart either."""
    peer, database = small_world.peer(small_world.plant), small_world.database
    wait_for(lambda: STORED in payloads(database, "broker:plant", topic="print/text"), what="the old one came")
    peer.publish("print/text", b"live", 1, retain=True)
    assert till.received.wait(lambda data: b"live" in data)
    small_world.hub.worker.kill()
    wait_until_held(small_world.database, small_world.hub.start_worker().pid, "broker:plant", TILL, PRINTER)
    peer.publish("print/text", b"after", 1)
    assert till.received.wait(lambda data: b"after" in data)
    assert till.received.data.count(b"live") == 1
    assert not database.value("SELECT count(*) FROM telemetry_delivery WHERE payload = %s", STORED)


def test_a_text_cannot_command_the_printer_and_a_raw_topic_can(small_world: World, till: Printer) -> None:
    peer = small_world.peer(small_world.plant)
    peer.publish("print/text", "5,00 €\x1bp\x00\x19\xfa\r\n".encode(), 1)
    assert till.received.wait(lambda data: data.endswith(b"\x1dV\x00"))
    assert till.received.data == b"\x1b@\x1bt\x135,00 \xd5p\xa3\n\n\x1dV\x00"
    till.received.clear()
    peer.publish("print/raw", b"\x1bE\x01\xe4", 1)
    assert till.received.wait(lambda data: data.endswith(b"\x1dV\x00"))
    assert till.received.data == b"\x1b@\x1bt\x13\x1bE\x01\xe4\n\x1dV\x00"


def test_a_json_message_becomes_a_ticket_and_is_printed_again_on_request(
    small_world: World, till: Printer, api: Api
) -> None:
    sale = {"number": "A-7", "items": [{"name": "Apple", "price": 1.5}]}
    small_world.peer(small_world.plant).publish("print/sale", json.dumps(sale), 1)
    assert till.received.wait(lambda data: data.endswith(b"\x1dV\x00"))
    first = till.received.data
    assert b"Apple" + b" " * 21 + b"1,50 \xd5\n" in first
    assert b"1P0A-7" in first
    wait_for(lambda: deliveries(small_world.database, TILL)[-1][1] == "delivered", what="it is settled")
    till.received.clear()
    newest = api.get(f"deliveries?target={TILL}&limit=1").body["results"][0]
    answer = api.post(f"deliveries/{newest['id']}/repeat")
    assert answer.status == 202
    assert till.received.wait(lambda data: data == first)
    assert till.paper.lines.count("[QR: A-7]") == 2


def test_a_ticket_that_fails_is_dead_once_and_says_why(small_world: World, api: Api) -> None:
    small_world.peer(small_world.plant).publish("print/sale", b'{"number": "A-8"}', 1)
    wait_for(lambda: deliveries(small_world.database, TILL, "dead"), what="it is dead")
    ((payload, _, reason),) = deliveries(small_world.database, TILL, "dead")
    assert payload == b'{"number": "A-8"}'
    assert reason.startswith("the ticket sale could not be made: ")
    dead = api.get(f"deliveries?target={TILL}&state=dead").body["results"][0]
    assert api.post(f"deliveries/{dead['id']}/redrive").status == 409
