"""The MQTT link against brokers that do the unusual, packet by packet."""

from __future__ import annotations

from functools import partial

import pytest

from bridges.mqtt.inbound import Inbound
from bridges.mqtt.packets import PUBACK, PUBCOMP, PUBREC, PUBREL, Ack, Other, Publish, encode_publish
from bridges.mqtt.properties import PublishProperties
from bridges.tests.fake_broker import FakeBroker
from bridges.tests.link_host import KeepingHost, wait_until
from bridges.tests.mqtt_links import outgoing, running_link, settings_for, subscription
from telemetry.links import LinkState
from telemetry.values import ArrivalKind, Verdict

DISCONNECT = 0xE0


@pytest.mark.parametrize("is_v5", [True, False])
def test_an_unknown_pubrel_is_offered_and_answered_after_the_commit(is_v5: bool) -> None:
    host = KeepingHost(acknowledges=False)
    with FakeBroker(is_v5=is_v5) as broker:
        settings = settings_for(broker, protocol=5 if is_v5 else 4)
        with running_link(settings, host, awaits=None) as link:
            connection = broker.accept(is_resumed=True)
            connection.ack(PUBREL, 77)
            wait_until(lambda: host.arrivals)
            assert host.arrivals[0].kind is ArrivalKind.RELEASE
            assert connection.is_silent()
            link.acknowledge(host.arrivals)
            assert connection.read() == Ack(PUBCOMP, 77)


def test_a_malformed_packet_ends_the_connection_in_words_and_the_link_comes_back() -> None:
    host = KeepingHost()
    with FakeBroker() as broker, running_link(settings_for(broker), host, awaits=None):
        connection = broker.accept()
        connection.publish(Publish("in/a", b"before", 1, packet_id=1))
        connection.send(b"\x36\x00")
        wait_until(lambda: host.state is LinkState.LOST)
        assert "QoS 3" in host.reports[-1].detail
        assert host.payloads == [b"before"]
        broker.accept()
        wait_until(lambda: host.state is LinkState.CONNECTED)


def test_a_malformed_packet_is_named_in_the_disconnect() -> None:
    host = KeepingHost()
    with FakeBroker() as broker, running_link(settings_for(broker), host, awaits=None):
        connection = broker.accept()
        connection.send(b"\x36\x00")
        assert connection.read() == Other(DISCONNECT, b"\x81")


@pytest.fixture
def little_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A link that bears no bytes beyond Receive Maximum, so that a test need not send megabytes."""
    monkeypatch.setattr("bridges.mqtt.link.Inbound", partial(Inbound, most_bytes=1))


@pytest.mark.usefixtures("little_memory")
def test_a_broker_that_ignores_receive_maximum_is_disconnected_after_what_it_sent_first_is_acknowledged() -> None:
    host = KeepingHost(acknowledges=False)
    with FakeBroker() as broker, running_link(settings_for(broker, receive_maximum=2), host, awaits=None) as link:
        connection = broker.accept()
        for packet_id in range(1, 31):
            connection.publish(Publish("in/a", b"x", 1, packet_id=packet_id))
        wait_until(lambda: len(host.arrivals) == 20)
        link.acknowledge(host.arrivals)
        assert [connection.read() for _ in range(20)] == [Ack(PUBACK, number) for number in range(1, 21)]
        assert connection.read() == Other(DISCONNECT, b"\x93")
        assert broker.accept(is_resumed=True)
        assert "far more than 2" in str(host.reports)


@pytest.mark.usefixtures("little_memory")
def test_a_broker_that_ignores_receive_maximum_is_disconnected_even_if_nothing_is_committed() -> None:
    host = KeepingHost(acknowledges=False)
    with FakeBroker() as broker, running_link(settings_for(broker, receive_maximum=1), host, awaits=None):
        connection = broker.accept()
        for packet_id in range(1, 31):
            connection.publish(Publish("in/a", b"x", 2, packet_id=packet_id))
        assert connection.read() == Other(DISCONNECT, b"\x93")
        assert len(host.arrivals) == 10


@pytest.mark.parametrize("size", [1, 3, 7])
def test_packets_that_come_in_small_pieces_are_put_together(size: int) -> None:
    host = KeepingHost()
    with FakeBroker() as broker, running_link(settings_for(broker), host, awaits=None):
        connection = broker.accept()
        wire = b"".join(
            encode_publish(Publish("in/a", b"%d" % number, 1, packet_id=number), is_v5=True) for number in range(1, 6)
        )
        for at in range(0, len(wire), size):
            connection.send(wire[at : at + size])
        assert [connection.read_ack().packet_id for _ in range(5)] == [1, 2, 3, 4, 5]
        assert host.payloads == [b"1", b"2", b"3", b"4", b"5"]


def test_a_repetition_within_one_connection_is_not_offered_twice_nor_acknowledged_twice() -> None:
    host = KeepingHost(acknowledges=False)
    with FakeBroker() as broker, running_link(settings_for(broker), host, awaits=None) as link:
        connection = broker.accept()
        connection.publish(Publish("in/a", b"x", 1, packet_id=5))
        connection.publish(Publish("in/a", b"x", 1, dup=True, packet_id=5))
        connection.publish(Publish("in/a", b"end", 0))
        wait_until(lambda: b"end" in host.payloads)
        link.acknowledge(host.arrivals)
        link.acknowledge(host.arrivals)
        assert connection.read() == Ack(PUBACK, 5)
        assert connection.is_silent()
        assert host.payloads == [b"x", b"end"]


def test_an_arrival_of_an_older_connection_is_not_acknowledged_on_a_newer_one() -> None:
    host = KeepingHost(acknowledges=False)
    with FakeBroker() as broker, running_link(settings_for(broker), host, awaits=None) as link:
        first = broker.accept()
        first.publish(Publish("in/a", b"old", 1, packet_id=5))
        wait_until(lambda: host.arrivals)
        first.close()
        second = broker.accept(is_resumed=True)
        second.publish(Publish("in/a", b"new", 1, packet_id=5))
        wait_until(lambda: len(host.arrivals) == 2)
        link.acknowledge(host.arrivals[:1])
        assert second.is_silent()
        link.acknowledge(host.arrivals[1:])
        assert second.read() == Ack(PUBACK, 5)
        assert [one.is_resumed for one in host.arrivals] == [False, True]
        assert host.arrivals[0].connection < host.arrivals[1].connection


def test_a_topic_alias_that_was_not_allowed_ends_the_connection() -> None:
    host = KeepingHost()
    with FakeBroker() as broker, running_link(settings_for(broker), host, awaits=None):
        connection = broker.accept()
        connection.publish(Publish("in/a", b"", properties=PublishProperties(topic_alias=1)))
        assert connection.read() == Other(DISCONNECT, b"\x94")


def test_a_quota_answer_returns_the_message_after_a_pause() -> None:
    host = KeepingHost()
    with FakeBroker() as broker, running_link(settings_for(broker), host, awaits=None) as link:
        connection = broker.accept()
        wait_until(lambda: host.state is LinkState.CONNECTED)
        link.send([outgoing(1)])
        connection.ack(PUBACK, connection.read_publish().packet_id, 0x97)
        wait_until(lambda: host.outcomes)
        assert host.outcomes[0].verdict is Verdict.RETURNED
        assert "quota exceeded" in host.outcomes[0].reason
        assert not host.outcomes[0].is_abnormal


def test_a_refusal_by_the_broker_refuses_the_message() -> None:
    host = KeepingHost()
    with FakeBroker() as broker, running_link(settings_for(broker), host, awaits=None) as link:
        connection = broker.accept()
        wait_until(lambda: host.state is LinkState.CONNECTED)
        link.send([outgoing(1), outgoing(2, qos=2)])
        for kind in (PUBACK, PUBREC):
            connection.ack(kind, _next_publish(connection.read).packet_id, 0x87)
        wait_until(lambda: len(host.outcomes) == 2)
        assert {outcome.verdict for outcome in host.outcomes} == {Verdict.REFUSED}
        assert "not authorized" in host.outcomes[0].reason


def _next_publish(read: object) -> Publish:
    assert callable(read)
    while not isinstance(packet := read(), Publish):
        assert isinstance(packet, Ack)
    return packet


def test_the_servers_receive_maximum_bounds_what_is_in_flight() -> None:
    host = KeepingHost()
    with FakeBroker() as broker, running_link(settings_for(broker), host, awaits=None) as link:
        connection = broker.accept(properties=b"\x21\x00\x03")
        wait_until(lambda: host.state is LinkState.CONNECTED)
        link.send([outgoing(number) for number in range(5)])
        sent = [connection.read_publish() for _ in range(3)]
        assert connection.is_silent()
        connection.ack(PUBACK, sent[0].packet_id)
        assert connection.read_publish().payload == b"3"
        assert connection.is_silent()


@pytest.mark.parametrize(
    ("properties", "item", "said"),
    [
        (b"\x27\x00\x00\x00\x40", {"payload": b"x" * 100}, "packets of 64 bytes"),
        (b"\x24\x00", {"qos": 1}, "QoS 0 at most"),
        (b"\x25\x00", {"retain": True}, "retained"),
    ],
)
def test_what_the_broker_cannot_take_is_refused_here(properties: bytes, item: dict[str, object], said: str) -> None:
    host = KeepingHost()
    with FakeBroker() as broker, running_link(settings_for(broker), host, awaits=None) as link:
        connection = broker.accept(properties=properties)
        wait_until(lambda: host.state is LinkState.CONNECTED)
        link.send([outgoing(1, **item), outgoing(2, qos=0, payload=b"")])
        assert connection.read_publish().payload == b""
        wait_until(lambda: len(host.outcomes) == 2)
        assert host.outcomes[0].verdict is Verdict.REFUSED
        assert said in host.outcomes[0].reason


@pytest.mark.parametrize(
    ("is_v5", "code"), [(True, 0x86), (True, 0x87), (False, 4), (False, 5), (True, 0x84), (False, 1)]
)
def test_a_connection_that_is_refused_for_good_is_not_tried_again(is_v5: bool, code: int) -> None:
    host = KeepingHost()
    with (
        FakeBroker(is_v5=is_v5) as broker,
        running_link(settings_for(broker, protocol=5 if is_v5 else 4), host, awaits=None),
    ):
        broker.accept(code=code)
        wait_until(lambda: host.state is LinkState.REFUSED)
        assert broker.accepts_nothing()


@pytest.mark.parametrize(("is_v5", "code"), [(True, 0x88), (True, 0x89), (False, 3)])
def test_a_busy_broker_is_tried_again(is_v5: bool, code: int) -> None:
    host = KeepingHost()
    with (
        FakeBroker(is_v5=is_v5) as broker,
        running_link(settings_for(broker, protocol=5 if is_v5 else 4), host, awaits=None),
    ):
        broker.accept(code=code)
        wait_until(lambda: host.state is LinkState.LOST)
        broker.accept()
        wait_until(lambda: host.state is LinkState.CONNECTED)


def test_a_session_that_was_taken_over_warns_of_the_client_id() -> None:
    host = KeepingHost()
    with FakeBroker() as broker, running_link(settings_for(broker), host, awaits=None):
        broker.accept().send(bytes((DISCONNECT, 2, 0x8E, 0)))
        wait_until(lambda: host.state is LinkState.LOST)
        assert "Another client uses the client id 'link'" in host.warning


def test_a_refused_subscription_is_named() -> None:
    host = KeepingHost()
    wanted = [subscription("secret/#", name="plant-secrets")]
    with FakeBroker() as broker, running_link(settings_for(broker), host, subscriptions=wanted, awaits=None):
        connection = broker.accept(suback=0x87)
        wait_until(lambda: not connection._pump() or "plant-secrets" in host.warning)
        assert "secret/#" in host.warning
        assert "not authorized" in host.warning


def test_an_announced_end_does_not_blame_the_messages_in_flight() -> None:
    host = KeepingHost()
    with FakeBroker() as broker, running_link(settings_for(broker), host, awaits=None) as link:
        connection = broker.accept()
        wait_until(lambda: host.state is LinkState.CONNECTED)
        link.send([outgoing(1)])
        connection.read_publish()
        connection.send(bytes((DISCONNECT, 1, 0x8B)))
        wait_until(lambda: host.outcomes)
        assert host.outcomes[0].verdict is Verdict.RETURNED
        assert not host.outcomes[0].is_abnormal


def test_qos_1_in_flight_comes_back_as_abnormal_when_the_connection_breaks() -> None:
    host = KeepingHost()
    with FakeBroker() as broker, running_link(settings_for(broker), host, awaits=None) as link:
        connection = broker.accept(properties=b"\x21\x00\x01")
        wait_until(lambda: host.state is LinkState.CONNECTED)
        link.send([outgoing(1), outgoing(2)])
        connection.read_publish()
        connection.close()
        wait_until(lambda: len(host.outcomes) == 2)
        assert [(one.verdict, one.is_abnormal) for one in host.outcomes] == [
            (Verdict.RETURNED, True),
            (Verdict.RETURNED, False),
        ]


def test_qos_2_is_repeated_under_its_id_on_a_resumed_session() -> None:
    host = KeepingHost()
    with FakeBroker() as broker, running_link(settings_for(broker), host, awaits=None) as link:
        first = broker.accept()
        wait_until(lambda: host.state is LinkState.CONNECTED)
        link.send([outgoing(1, qos=2), outgoing(2, qos=2)])
        ids = [first.read_publish().packet_id for _ in range(2)]
        first.ack(PUBREC, ids[0])
        assert first.read() == Ack(PUBREL, ids[0])
        first.close()
        second = broker.accept(is_resumed=True)
        assert second.read() == Ack(PUBREL, ids[0])
        repeated = second.read_publish()
        assert (repeated.packet_id, repeated.dup, repeated.payload) == (ids[1], True, b"2")
        second.ack(PUBCOMP, ids[0])
        second.ack(PUBREC, ids[1])
        assert second.read() == Ack(PUBREL, ids[1])
        second.ack(PUBCOMP, ids[1])
        wait_until(lambda: host.count(Verdict.DELIVERED) == 2)
        assert len(host.outcomes) == 2


def test_qos_2_is_returned_when_the_session_is_gone() -> None:
    host = KeepingHost()
    with FakeBroker() as broker, running_link(settings_for(broker), host, awaits=None) as link:
        first = broker.accept()
        wait_until(lambda: host.state is LinkState.CONNECTED)
        link.send([outgoing(1, qos=2)])
        first.read_publish()
        first.close()
        second = broker.accept(is_resumed=False)
        wait_until(lambda: host.outcomes)
        assert host.outcomes[0].verdict is Verdict.RETURNED
        assert host.outcomes[0].is_abnormal
        assert second.is_silent()


def test_a_qos_2_message_that_ends_three_connections_is_refused() -> None:
    host = KeepingHost()
    with FakeBroker() as broker, running_link(settings_for(broker), host, awaits=None) as link:
        connection = broker.accept()
        wait_until(lambda: host.state is LinkState.CONNECTED)
        link.send([outgoing(1, qos=2)])
        for _ in range(2):
            connection.read_publish()
            connection.close()
            connection = broker.accept(is_resumed=True)
        connection.read_publish()
        connection.close()
        wait_until(lambda: host.outcomes)
        assert host.outcomes[0].verdict is Verdict.REFUSED
        assert "3 abnormal disconnects" in host.outcomes[0].reason


def test_ids_that_an_earlier_life_may_have_left_open_are_released_before_they_are_used() -> None:
    host = KeepingHost()
    with FakeBroker() as broker, running_link(settings_for(broker), host, awaits=None) as link:
        connection = broker.accept(is_resumed=True)
        wait_until(lambda: host.state is LinkState.CONNECTED)
        link.send([outgoing(1, qos=2)])
        released = set()
        while isinstance(packet := connection.read(), Ack):
            released.add(packet.packet_id)
        assert isinstance(packet, Publish)
        assert packet.packet_id in released


def test_a_broker_that_answers_nothing_is_given_up_after_the_keep_alive() -> None:
    host = KeepingHost()
    with FakeBroker() as broker, running_link(settings_for(broker, keepalive_s=1), host, awaits=None):
        broker.accept()
        wait_until(lambda: host.state is LinkState.LOST)
        assert "No sign of life" in host.reports[-1].detail


def test_something_that_is_no_broker_is_said_so() -> None:
    host = KeepingHost()
    with FakeBroker() as broker, running_link(settings_for(broker), host, awaits=None):
        connection = broker._listener.accept()[0]
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n" + b"Server: example\r\n" * 10)
        wait_until(lambda: host.state is LinkState.LOST)
        assert "not MQTT" in host.reports[-1].detail
        connection.close()


def test_a_will_and_the_session_are_asked_for() -> None:
    host = KeepingHost()
    with FakeBroker() as broker:
        settings = settings_for(
            broker, will_topic="hub/state", will_payload=b"gone", session_expiry_s=7, receive_maximum=9
        )
        with running_link(settings, host, awaits=None):
            broker.accept()
            assert b"hub/state" in broker.last_connect
            assert b"gone" in broker.last_connect
            assert b"\x11\x00\x00\x00\x07" in broker.last_connect
            assert b"\x21\x00\x09" in broker.last_connect
