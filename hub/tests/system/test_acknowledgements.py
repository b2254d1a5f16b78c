"""A message is acknowledged after its commit, not before; and one whose acknowledgement was lost is not taken twice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.tests.system.ledger import assert_ledger_balances, ledger
from hub.tests.system.load import numbered
from hub.tests.system.one_way_proxy import OneWayProxy
from hub.tests.system.questions import count_messages, payloads, wait_until_connected, wait_until_held
from hub.tests.system.waiting import wait_for
from hub.tests.system.world import HUB_USER, World

KEY = "broker:plant"
COUNT = 50
MESSAGES = [numbered(number) for number in range(COUNT)]


@pytest.fixture(scope="module")
def proxy(world: World) -> Iterator[OneWayProxy]:
    with OneWayProxy(world.plant.port) as proxy:
        yield proxy


def configuration(world: World, proxy: OneWayProxy) -> str:
    """One broker behind the proxy."""
    return f"""
version: 1
brokers:
  - name: plant
    host: 127.0.0.1
    port: {proxy.port}
    username: {HUB_USER}
    password: {{env: BROKER_PASSWORD}}
    tls: {{enabled: true, ca: {world.plant.ca}}}
topics:
  - {{name: once, broker: plant, direction: in, filter: "once/#", qos: 2, codec: text}}
"""


@pytest.fixture(scope="module")
def running(world: World, proxy: OneWayProxy) -> World:
    """The running hub."""
    world.hub.configure(configuration(world, proxy))
    world.hub.start_worker()
    wait_until_connected(world.database, KEY)
    return world


@pytest.mark.parametrize("qos", [1, 2])
def test_a_message_whose_acknowledgement_was_lost_is_known_again(running: World, proxy: OneWayProxy, qos: int) -> None:
    topic, peer = f"once/lost/{qos}", running.peer(running.plant)
    before = ledger(running.database).get(KEY, {}).get("duplicate", 0)
    with proxy.deaf():
        for message in MESSAGES:
            peer.publish(topic, message, qos)
        wait_for(lambda: count_messages(running.database, KEY, topic) == COUNT, what="all are stored")
        running.hub.worker.kill()
    wait_until_held(running.database, running.hub.start_worker().pid, KEY)
    peer.publish(topic, b"the end", qos)
    wait_for(lambda: b"the end" in payloads(running.database, KEY, topic=topic), what="the next one is stored")
    assert payloads(running.database, KEY, topic=topic) == [*MESSAGES, b"the end"]
    assert ledger(running.database)[KEY]["duplicate"] - before == COUNT
    assert_ledger_balances(running.database)


@pytest.mark.parametrize("qos", [1, 2])
def test_nothing_is_acknowledged_before_it_is_committed(running: World, proxy: OneWayProxy, qos: int) -> None:
    topic, peer = f"once/early/{qos}", running.peer(running.plant)
    peer.publish("once/first", numbered(qos), qos)
    wait_for(lambda: count_messages(running.database, KEY, "once/first") == qos, what="the hub is up and at rest")
    with running.database.away():
        told = proxy.told
        for message in MESSAGES:
            peer.publish(topic, message, qos)
        size = sum(map(len, MESSAGES)) + COUNT * len(topic)
        wait_for(lambda: proxy.told > told + size, what="the hub has them")
        running.hub.worker.kill()
    wait_until_held(running.database, running.hub.start_worker().pid, KEY)
    wait_for(lambda: count_messages(running.database, KEY, topic) == COUNT, what="all are stored")
    assert payloads(running.database, KEY, topic=topic) == MESSAGES
    assert_ledger_balances(running.database)
