"""The MQTT link on a real Mosquitto: messages in and out, back-pressure, subscriptions, the clean end."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bridges.mqtt.settings import Subscription
from bridges.tests.link_host import KeepingHost, wait_until
from bridges.tests.mqtt_links import outgoing, running_link, settings_for, subscription
from simulators.servers.mosquitto import MosquittoOptions, MosquittoServer
from telemetry.links import LinkState
from telemetry.values import ArrivalKind, Outgoing, Verdict

COUNT = 300


@pytest.fixture(scope="module")
def broker() -> Iterator[MosquittoServer]:
    with MosquittoServer() as server:
        yield server


@pytest.mark.parametrize("protocol", [5, 4])
@pytest.mark.parametrize("qos", [0, 1, 2])
def test_messages_go_out_and_come_in_complete_and_in_order(broker: MosquittoServer, protocol: int, qos: int) -> None:
    host, topic = KeepingHost(), f"order/{protocol}/{qos}"
    settings = settings_for(broker, protocol=protocol, client_id=topic)
    with running_link(settings, host, subscriptions=[subscription(topic)]) as link:
        items = [outgoing(number, address=topic, qos=qos) for number in range(COUNT)]
        link.send(items)
        wait_until(lambda: len(host.messages) == COUNT and host.count(Verdict.DELIVERED) == COUNT)
        assert host.payloads == [item.payload for item in items]
        assert {outcome.id for outcome in host.outcomes} == {item.id for item in items}
        assert [arrival.sequence for arrival in host.messages] == list(range(1, COUNT + 1))
        assert {(arrival.qos, arrival.topics, arrival.topic) for arrival in host.messages} == {(qos, ("in",), topic)}


def test_qos_2_input_is_released_once_for_each_message(broker: MosquittoServer) -> None:
    host = KeepingHost()
    settings = settings_for(broker, client_id="release")
    with running_link(settings, host, subscriptions=[subscription("release")]) as link:
        link.send([outgoing(number, address="release", qos=2) for number in range(50)])
        wait_until(lambda: sum(one.kind is ArrivalKind.RELEASE for one in host.arrivals) == 50)
        ids = [one.packet_id for one in host.messages]
        assert sorted(one.packet_id for one in host.arrivals if one.kind is ArrivalKind.RELEASE) == sorted(ids)


@pytest.mark.parametrize("qos", [1, 2])
def test_withheld_acknowledgements_stall_the_input_at_receive_maximum_while_output_goes_on(
    broker: MosquittoServer, qos: int
) -> None:
    host, topic = KeepingHost(acknowledges=False), f"stall/{qos}"
    settings = settings_for(broker, client_id=topic, receive_maximum=20)
    with running_link(settings, host, subscriptions=[subscription(topic)]) as link:
        link.send([outgoing(number, address=topic, qos=qos) for number in range(100)])
        wait_until(lambda: host.count(Verdict.DELIVERED) == 100)
        link.send([outgoing(number, address="elsewhere", qos=qos) for number in range(100, 200)])
        wait_until(lambda: host.count(Verdict.DELIVERED) == 200)
        assert len(host.messages) == 20
        host.acknowledges = True
        link.acknowledge(host.messages)
        wait_until(lambda: len(host.messages) == 100)
        assert host.payloads == [b"%d" % number for number in range(100)]


def test_arrivals_acknowledged_out_of_order_are_answered_in_order_of_receipt(broker: MosquittoServer) -> None:
    host = KeepingHost(acknowledges=False)
    settings = settings_for(broker, client_id="shuffled", receive_maximum=10)
    with running_link(settings, host, subscriptions=[subscription("shuffled")]) as link:
        link.send([outgoing(number, address="shuffled") for number in range(20)])
        wait_until(lambda: len(host.messages) == 10)
        link.acknowledge(list(reversed(host.messages[1:])))
        link.send([outgoing(99, address="elsewhere")])
        wait_until(lambda: host.count(Verdict.DELIVERED) == 21)
        assert len(host.messages) == 10
        link.acknowledge(host.messages[:1])
        wait_until(lambda: len(host.messages) == 20)


def test_a_full_inbox_drops_qos_0_by_count_and_holds_the_rest_back(broker: MosquittoServer) -> None:
    host = KeepingHost(capacity=10)
    settings = settings_for(broker, client_id="full")
    with running_link(settings, host, subscriptions=[subscription("full")]) as link:
        link.send([outgoing(number, address="full", qos=1) for number in range(20)])
        wait_until(lambda: host.count(Verdict.DELIVERED) == 20 and len(host.messages) == 10)
        link.send([outgoing(number, address="full", qos=0) for number in range(20, 25)])
        wait_until(lambda: host.dropped_count == 5)
        host.capacity = 1000
        wait_until(lambda: len(host.messages) == 20)
        assert host.payloads == [b"%d" % number for number in range(20)]
        assert host.connections() == 1


def test_properties_travel_both_ways(broker: MosquittoServer) -> None:
    host = KeepingHost()
    with running_link(settings_for(broker, client_id="props"), host, subscriptions=[subscription("props")]) as link:
        item = outgoing(
            7, address="props", properties={"colour": "red"}, expires_at=datetime.now(UTC) + timedelta(hours=1)
        )
        link.send([item])
        wait_until(lambda: host.messages)
        assert host.messages[0].properties == {"id": str(item.id), "colour": "red"}


def test_what_has_expired_is_not_sent(broker: MosquittoServer) -> None:
    host = KeepingHost()
    with running_link(settings_for(broker, client_id="late"), host, subscriptions=[subscription("late")]) as link:
        late = outgoing(1, address="late", expires_at=datetime.now(UTC) - timedelta(seconds=1))
        link.send([late, outgoing(2, address="late")])
        wait_until(lambda: len(host.outcomes) == 2 and host.messages)
        assert host.outcomes[0].verdict is Verdict.RETURNED
        assert host.payloads == [b"2"]


@pytest.mark.parametrize("topic", ["", "a/+", "a/#", "a\0b", "x" * 70_000])
def test_a_topic_that_brokers_disconnect_on_is_refused_and_the_next_message_goes(
    broker: MosquittoServer, topic: str
) -> None:
    host = KeepingHost()
    with running_link(settings_for(broker, client_id="bad"), host) as link:
        link.send([outgoing(1, address=topic), outgoing(2, address="good")])
        wait_until(lambda: len(host.outcomes) == 2)
        assert [one.verdict for one in host.outcomes] == [Verdict.REFUSED, Verdict.DELIVERED]
        assert host.connections() == 1


def test_a_large_message_goes_through_both_ways(broker: MosquittoServer) -> None:
    host = KeepingHost()
    payload = bytes(range(256)) * 12_000
    with running_link(settings_for(broker, client_id="large"), host, subscriptions=[subscription("large")]) as link:
        link.send([outgoing(1, address="large", payload=payload)])
        wait_until(lambda: host.payloads == [payload])


def test_overlapping_subscriptions_are_told_apart_on_mqtt_5(broker: MosquittoServer) -> None:
    host = KeepingHost()
    wanted = [subscription("lap/#", name="wide", identifier=1), subscription("lap/x", name="narrow", identifier=2)]
    with running_link(settings_for(broker, client_id="lap5"), host, subscriptions=wanted) as link:
        link.send([outgoing(1, address="lap/x")])
        wait_until(lambda: len(host.messages) == 2)
        assert sorted(one.topics for one in host.messages) == [("narrow",), ("wide",)]


def test_overlapping_subscriptions_are_all_named_on_mqtt_311_most_specific_first(broker: MosquittoServer) -> None:
    host = KeepingHost()
    wanted = [subscription("lap/#", name="wide", identifier=1), subscription("lap/x", name="narrow", identifier=2)]
    with running_link(settings_for(broker, client_id="lap4", protocol=4), host, subscriptions=wanted) as link:
        link.send([outgoing(1, address="lap/x")])
        wait_until(lambda: host.messages)
        assert host.messages[0].topics == ("narrow", "wide")


def test_no_local_keeps_our_own_messages_away(broker: MosquittoServer) -> None:
    host = KeepingHost()
    wanted = [subscription("own/a", no_local=True), subscription("own/b", name="b", identifier=2)]
    with running_link(settings_for(broker, client_id="own"), host, subscriptions=wanted) as link:
        link.send([outgoing(1, address="own/a"), outgoing(2, address="own/b")])
        wait_until(lambda: host.messages)
        assert host.payloads == [b"2"]


@pytest.mark.parametrize("protocol", [5, 4])
def test_subscriptions_change_without_a_new_connection(broker: MosquittoServer, protocol: int) -> None:
    host = KeepingHost()
    settings = settings_for(broker, client_id=f"change{protocol}", protocol=protocol)
    old = subscription(f"old/{protocol}", name="old", identifier=1)
    kept = subscription(f"kept/{protocol}", name="kept", identifier=2)
    new = subscription(f"new/{protocol}", name="new", identifier=3)
    with running_link(settings, host, subscriptions=[old, kept]) as link:
        link.update_subscriptions([kept, new])

        def new_one_works() -> bool:
            link.send([outgoing(address=f"new/{protocol}")])
            return bool(host.messages)

        wait_until(new_one_works)
        link.send([outgoing(address=f"old/{protocol}"), outgoing(address=f"kept/{protocol}")])
        wait_until(lambda: any(one.topics == ("kept",) for one in host.messages))
        assert {one.topics for one in host.messages} == {("new",), ("kept",)}
        assert host.connections() == 1


def test_a_filter_that_brokers_disconnect_on_is_a_warning(broker: MosquittoServer) -> None:
    host = KeepingHost()
    wanted = [subscription("a/#/b", name="broken"), subscription("fine", name="fine", identifier=2)]
    with running_link(settings_for(broker, client_id="filter"), host, subscriptions=wanted) as link:
        assert "broken" in host.warning
        link.send([outgoing(1, address="fine")])
        wait_until(lambda: host.payloads == [b"1"])


def test_the_brokers_own_counters_are_not_handed_in(broker: MosquittoServer) -> None:
    host = KeepingHost()
    with running_link(settings_for(broker, client_id="sys"), host, subscriptions=[subscription("sys")]) as link:
        wait_until(lambda: link._watch._version)
        link.send([outgoing(1, address="sys")])
        wait_until(lambda: host.messages)
        assert host.payloads == [b"1"]


@pytest.mark.parametrize("protocol", [5, 4])
def test_the_brokers_counters_that_somebody_subscribed_are_handed_in_as_well(
    broker: MosquittoServer, protocol: int
) -> None:
    host = KeepingHost()
    wanted: list[Subscription] = [subscription("$SYS/broker/+")]
    settings = settings_for(broker, client_id=f"sys{protocol}", protocol=protocol)
    with running_link(settings, host, subscriptions=wanted) as link:
        wait_until(lambda: any(one.topic == "$SYS/broker/version" for one in host.messages))
        wait_until(lambda: link._watch._version)


def test_a_broker_that_drops_messages_is_a_warning() -> None:
    with MosquittoServer(MosquittoOptions(max_queued_messages=5, max_inflight_messages=2)) as broker:
        slow, host = KeepingHost(acknowledges=False), KeepingHost()
        slow_settings = settings_for(broker, client_id="slow", receive_maximum=2)
        with (
            running_link(slow_settings, slow, subscriptions=[subscription("drop")]),
            running_link(settings_for(broker, client_id="fast"), host) as link,
        ):
            wait_until(lambda: link._watch._first is not None)
            link.send([outgoing(number, address="drop") for number in range(100)])
            wait_until(lambda: "max_queued_messages 0" in host.warning)
            assert host.state is LinkState.CONNECTED


def test_sending_without_a_connection_returns_at_once(broker: MosquittoServer) -> None:
    host = KeepingHost()
    settings = dataclasses.replace(settings_for(broker), port=1)
    with running_link(settings, host, awaits=LinkState.LOST) as link:
        link.send([outgoing(1)])
        assert [(one.verdict, one.is_abnormal) for one in host.outcomes] == [(Verdict.RETURNED, False)]


def test_a_stop_finishes_what_is_under_way_and_keeps_the_session(broker: MosquittoServer) -> None:
    host = KeepingHost()
    wanted = [subscription("stop")]
    with running_link(settings_for(broker, client_id="stop"), host, subscriptions=wanted) as link:
        items: list[Outgoing] = [outgoing(number, address="stopped", qos=number % 3) for number in range(500)]
        link.send(items)
        assert link.stop(5.0)
        assert host.count(Verdict.DELIVERED) == 500
        link.send([outgoing(1)])
        assert host.outcomes[-1].verdict is Verdict.RETURNED
    other, again = KeepingHost(), KeepingHost()
    with running_link(settings_for(broker, client_id="other"), other) as link:
        link.send([outgoing(5, address="stop")])
        wait_until(lambda: other.count(Verdict.DELIVERED) == 1)
    with running_link(settings_for(broker, client_id="stop"), again, subscriptions=wanted):
        wait_until(lambda: again.payloads == [b"5"])
        assert again.messages[0].is_resumed


def test_a_stop_does_not_wait_for_ever_for_what_is_not_committed(broker: MosquittoServer) -> None:
    host = KeepingHost(acknowledges=False)
    with running_link(settings_for(broker, client_id="stuck"), host, subscriptions=[subscription("stuck")]) as link:
        link.send([outgoing(1, address="stuck")])
        wait_until(lambda: host.messages)
        assert link.stop(1.0)


@pytest.mark.parametrize("protocol", [5, 4])
def test_only_what_the_broker_had_stored_before_is_retained_and_not_what_comes_live(
    broker: MosquittoServer, protocol: int
) -> None:
    """Also live is what came while we were away, for the session waited for it. Retained messages never print."""
    topic = f"retained/{protocol}"
    mine = settings_for(broker, protocol=protocol, client_id=topic)
    outbox = KeepingHost()
    with running_link(settings_for(broker, client_id=f"{topic}/sender"), outbox) as sender:

        def publish(number: int, place: str) -> None:
            sender.send([outgoing(number, address=f"{topic}/{place}", retain=True)])
            wait_until(lambda: len(outbox.outcomes) == number)

        publish(1, "a")
        host = KeepingHost()
        with running_link(mine, host, subscriptions=[subscription(f"{topic}/#")]):
            wait_until(lambda: host.payloads == [b"1"])
            publish(2, "a")
            wait_until(lambda: host.payloads == [b"1", b"2"])
        publish(3, "b")
        again = KeepingHost()
        with running_link(mine, again, subscriptions=[subscription(f"{topic}/#")]):
            wait_until(lambda: b"3" in again.payloads)
            publish(4, "b")
            wait_until(lambda: b"4" in again.payloads)
    assert [one.retain for one in host.messages] == [True, False]
    flags = {bytes(one.payload): one.retain for one in reversed(again.messages)}
    assert (flags[b"3"], flags[b"4"]) == (False, False)
