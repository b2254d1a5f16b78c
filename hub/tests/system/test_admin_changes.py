"""What is saved in the admin is live within two seconds, and no link that has nothing to do with it is touched."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic

import pytest

from hub.tests.system.admin_session import AdminSession
from hub.tests.system.ledger import assert_ledger_balances
from hub.tests.system.questions import connected_since, count_messages, link_state, wait_until_connected
from hub.tests.system.waiting import loaded, wait_for
from hub.tests.system.world import World
from simulators.pseudo_terminal import PseudoTerminal

LINKS = ("broker:plant", "broker:meters", "device:scale")
LIVE_WITHIN_S = 2.0


def configuration(world: World) -> str:
    """Links and one topic, so that there is something that must not be touched."""
    return f"""
version: 1
brokers:
{world.broker_lines("plant")}
{world.broker_lines("meters")}
devices:
  - {{name: scale, driver: lines, port: {world.port("scale")}}}
topics:
  - {{name: lines, broker: plant, direction: out, filter: lines, qos: 1}}
"""


@pytest.fixture(scope="module")
def scale(small_world: World) -> PseudoTerminal:
    return small_world.wire("scale")


@pytest.fixture(scope="module")
def running(small_world: World, scale: PseudoTerminal) -> World:
    """The running hub."""
    small_world.hub.configure(configuration(small_world))
    small_world.hub.start_worker()
    small_world.hub.start_web()
    wait_until_connected(small_world.database, *LINKS)
    return small_world


@pytest.fixture(scope="module")
def admin(running: World) -> AdminSession:
    return AdminSession(running.hub.port)


@pytest.fixture(autouse=True)
def untouched(running: World) -> Iterator[None]:
    """No link of before was closed and opened, as the hub and the brokers saw it; the ledger balances."""
    since = [connected_since(running.database, key) for key in LINKS]
    connections = _hub_connections(running)
    yield
    assert [connected_since(running.database, key) for key in LINKS] == since
    assert _hub_connections(running) == connections
    assert_ledger_balances(running.database)


def _hub_connections(running: World) -> int:
    logs = running.plant.log.splitlines() + running.meters.log.splitlines()
    return sum("New client connected" in line and "as patchbay-" in line for line in logs)


def test_a_topic_and_a_rule_made_in_the_admin_are_live_within_two_seconds(running: World, admin: AdminSession) -> None:
    consumer, publisher = running.peer(running.meters, [("copies", 1)]), running.peer(running.plant)
    new = {"broker": "plant", "direction": "in", "filter": "new/#", "qos": "1", "codec": "text"}
    admin.add("bridges/topic", {"name": "new", **new})
    admin.add(
        "bridges/topic", {"name": "copies", "broker": "meters", "direction": "out", "filter": "copies", "qos": "1"}
    )
    rule = {"name": "copy", "condition": "readings.value > 20.0"}
    admin.add("bridges/rule", {**rule, "sources-0-topic": "new", "actions-0-topic": "copies"})
    saved_at = monotonic()

    def is_passed_on() -> bool:
        publisher.publish("new/thing", b"21.5")
        return b"21.5" in consumer.payloads()

    wait_for(is_passed_on, within_s=loaded(LIVE_WITHIN_S), every_s=0.05)
    assert monotonic() - saved_at < loaded(LIVE_WITHIN_S)


def test_a_rule_changed_in_the_admin_is_live_within_two_seconds(running: World, admin: AdminSession) -> None:
    consumer, publisher = running.peer(running.meters, [("copies", 1)]), running.peer(running.plant)
    admin.save(_address_of(admin, "bridges/rule", "copy"), {"condition": "readings.value > 30.0"})
    saved_at = monotonic()

    def is_silent() -> bool:
        consumer.forget()
        publisher.publish("new/thing", b"21.5")
        publisher.publish("new/thing", b"31.5")
        consumer.wait_for_payload(b"31.5")
        return b"21.5" not in consumer.payloads()

    wait_for(is_silent, within_s=loaded(LIVE_WITHIN_S))
    assert monotonic() - saved_at < loaded(LIVE_WITHIN_S)


def test_a_device_made_in_the_admin_is_open_within_two_seconds(running: World, admin: AdminSession) -> None:
    wire = running.wire("board")
    admin.add("devices/device", {"name": "board", "driver": "lines", "port": str(wire.path), "baud": "9600"})
    saved_at = monotonic()
    wait_for(lambda: link_state(running.database, "device:board") == "connected", within_s=loaded(LIVE_WITHIN_S))
    assert monotonic() - saved_at < loaded(LIVE_WITHIN_S)
    wire.write(b"21.5\r\n")
    wait_for(lambda: count_messages(running.database, "device:board") == 1, what="its line is stored")


def test_a_changed_option_reopens_this_device_only(running: World, admin: AdminSession) -> None:
    since = connected_since(running.database, "device:board")
    admin.save(_address_of(admin, "devices/device", "board"), {"option_unit": "C"})
    wait_for(
        lambda: connected_since(running.database, "device:board") not in (since, None), within_s=loaded(LIVE_WITHIN_S)
    )


def test_a_disabled_topic_is_silent_and_its_broker_stays_connected(running: World, admin: AdminSession) -> None:
    publisher = running.peer(running.plant)
    page = admin.page(_address_of(admin, "bridges/topic", "new"))
    assert page.fields.pop("is_enabled") == "on"
    admin.send(page, {"_save": "Save"})
    number = iter(range(10_000))

    def is_silent() -> bool:
        publisher.publish("new/late", payload := b"%d" % next(number))
        publisher.publish("lines/none", b"")
        stored = "SELECT count(*) FROM telemetry_message WHERE topic = 'new/late' AND payload = %s"
        return int(running.database.value(stored, payload)) == 0

    wait_for(is_silent, within_s=loaded(LIVE_WITHIN_S), every_s=0.3)


def _address_of(admin: AdminSession, kind: str, name: str) -> str:
    """Where the row of this name is edited."""
    rows = admin.page(f"/admin/{kind}/?q={name}").text.split(f'href="/admin/{kind}/')
    found = next(row for row in rows if f">{name}<" in row)
    return f"/admin/{kind}/{found.partition('/')[0]}/change/"
