"""What a broker's CONNACK allows, and what the link says or does about it."""

from __future__ import annotations

from bridges.mqtt.packets import Publish
from bridges.mqtt.properties import PublishProperties
from bridges.tests.fake_broker import FakeBroker
from bridges.tests.link_host import KeepingHost, wait_until
from bridges.tests.mqtt_links import outgoing, running_link, settings_for, subscription
from telemetry.links import LinkState


def test_a_session_that_is_kept_for_a_shorter_time_is_a_warning() -> None:
    host = KeepingHost()
    with FakeBroker() as broker, running_link(settings_for(broker), host, awaits=None):
        broker.accept(properties=b"\x11\x00\x00\x00\x05")
        wait_until(lambda: "for 5 s only" in host.warning)


def test_a_lower_qos_than_asked_for_is_a_warning() -> None:
    host = KeepingHost()
    wanted = [subscription("plant/#", name="plant", qos=2)]
    with FakeBroker() as broker, running_link(settings_for(broker), host, subscriptions=wanted, awaits=None):
        connection = broker.accept(suback=1)
        wait_until(lambda: connection.is_silent(0.05) and "QoS 1 instead of 2" in host.warning)


def test_without_subscription_identifiers_the_topic_decides() -> None:
    host = KeepingHost()
    wanted = [subscription("in/#", name="wide", identifier=9)]
    with FakeBroker() as broker, running_link(settings_for(broker), host, subscriptions=wanted, awaits=None):
        connection = broker.accept(properties=b"\x29\x00")
        wait_until(lambda: connection.is_silent(0.05) and connection.subscribed)
        assert connection.subscribed[0][2:3] == b"\x00", "no properties"
        connection.publish(Publish("in/a", b"x"))
        wait_until(lambda: host.messages)
        assert host.messages[0].topics == ("wide",)


def test_the_identifier_of_a_copy_is_used() -> None:
    host = KeepingHost()
    wanted = [subscription("in/#", name="wide", identifier=9), subscription("in/a", name="narrow", identifier=300)]
    with FakeBroker() as broker, running_link(settings_for(broker), host, subscriptions=wanted, awaits=None):
        connection = broker.accept()
        connection.publish(Publish("in/a", b"x", properties=PublishProperties(subscription_identifiers=(9,))))
        connection.publish(Publish("in/a", b"x", properties=PublishProperties(subscription_identifiers=(9, 300))))
        wait_until(lambda: len(host.messages) == 2)
        assert [one.topics for one in host.messages] == [("wide",), ("narrow", "wide")]
        assert any(b"\x0b\x09" in body for body in connection.subscribed) or connection.is_silent()


def test_a_broker_that_ends_the_connection_over_its_counters_is_not_asked_again() -> None:
    host = KeepingHost()
    with FakeBroker() as broker, running_link(settings_for(broker), host, awaits=None) as link:
        first = broker.accept(suback=None)
        wait_until(lambda: host.state is LinkState.CONNECTED)
        link.send([outgoing(1)])
        first.read_publish()
        first.close()
        wait_until(lambda: host.outcomes)
        assert not host.outcomes[0].is_abnormal
        second = broker.accept()
        assert second.is_silent()
        assert second.subscribed == []
