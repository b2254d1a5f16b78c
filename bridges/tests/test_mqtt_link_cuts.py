"""The MQTT link over a network that cuts the connection again and again, at any byte."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from bridges.tests.cutting_proxy import CuttingProxy
from bridges.tests.link_host import KeepingHost, wait_until
from bridges.tests.mqtt_links import outgoing, running_link, settings_for, subscription
from simulators.servers.mosquitto import MosquittoServer
from telemetry.links import LinkReport, LinkState
from telemetry.values import Arrival, ArrivalKind, Outcome, Outgoing, Verdict

COUNT = 1_000
INPUT_COUNT = 8_000  # so many that cuts find some under way


@pytest.fixture(scope="module")
def broker() -> Iterator[MosquittoServer]:
    with MosquittoServer() as server:
        yield server


class PersistentHost(KeepingHost):
    """What a courier does: sends in order, again what was returned, and counts every outcome."""

    def __init__(self, items: Sequence[Outgoing]) -> None:
        super().__init__()
        self.waiting = {item.id: item for item in items}
        self.held: set[object] = set()
        self.outcome_count: Counter[object] = Counter()

    def report(self, report: LinkReport) -> None:
        super().report(report)
        if report.state is LinkState.CONNECTED:
            self.carry()

    def conclude(self, outcomes: Sequence[Outcome]) -> None:
        super().conclude(outcomes)
        for outcome in outcomes:
            self.held.discard(outcome.id)
            if outcome.verdict is Verdict.DELIVERED:
                assert self.waiting.pop(outcome.id, None), "delivered twice"

    def carry(self) -> None:
        if self.link is not None:
            items = [item for item in self.waiting.values() if item.id not in self.held]
            self.held |= {item.id for item in items}
            self.link.send(items)


@pytest.mark.parametrize("protocol", [5, 4])
@pytest.mark.parametrize(("qos", "cut_after"), [(1, 9_000), (2, 9_000), (2, 23_456)])
def test_everything_sent_arrives_once_it_counts_as_delivered(
    broker: MosquittoServer, protocol: int, qos: int, cut_after: int
) -> None:
    topic = f"cut/{protocol}/{qos}/{cut_after}"
    items = [outgoing(number, address=topic, qos=qos) for number in range(COUNT)]
    host, sink = PersistentHost(items), KeepingHost()
    with (
        CuttingProxy(broker.port, cut_after=cut_after) as proxy,
        running_link(settings_for(broker, client_id=f"sink {topic}"), sink, subscriptions=[subscription(topic)]),
        running_link(settings_for(proxy, client_id=topic, protocol=protocol), host),
    ):
        wait_until(lambda: not host.waiting, within_s=30, what="everything is delivered")
        wait_until(lambda: len(set(sink.payloads)) == COUNT)
        assert proxy.cuts
        if qos == 2:
            assert Counter(sink.payloads).most_common(1)[0][1] == 1, "exactly once"


class StoringHost(KeepingHost):
    """What the pipeline does with QoS 2: stores a packet id's message once, until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.unreleased: set[int] = set()
        self.stored: list[bytes] = []

    def offer(self, arrivals: Sequence[Arrival]) -> int:
        for arrival in arrivals:
            if arrival.kind is ArrivalKind.RELEASE:
                self.unreleased.discard(arrival.packet_id)
            elif arrival.qos < 2 or arrival.packet_id not in self.unreleased:
                self.stored.append(arrival.payload)
                if arrival.qos == 2:
                    self.unreleased.add(arrival.packet_id)
        return super().offer(arrivals)


@pytest.mark.parametrize("protocol", [5, 4])
@pytest.mark.parametrize("qos", [1, 2])
def test_everything_that_the_broker_took_comes_in(broker: MosquittoServer, protocol: int, qos: int) -> None:
    topic = f"in/{protocol}/{qos}"
    host, source = StoringHost(), KeepingHost()
    with (
        CuttingProxy(broker.port) as proxy,
        running_link(
            settings_for(proxy, client_id=topic, protocol=protocol, receive_maximum=20),
            host,
            subscriptions=[subscription(topic)],
        ),
        running_link(settings_for(broker, client_id=f"source {topic}"), source) as link,
    ):
        link.send([outgoing(number, address=topic, qos=qos) for number in range(INPUT_COUNT)])
        for share in range(1, 10):
            stored = INPUT_COUNT * share // 10
            wait_until(lambda: len(set(host.stored)) >= stored, what=f"{stored} messages came in")  # noqa: B023
            proxy.cut()
        wait_until(lambda: len(set(host.stored)) == INPUT_COUNT, what="everything came in")
        assert host.connections() >= 3
        if qos == 2:
            assert len(host.stored) == INPUT_COUNT, "exactly once"
