"""The transit link between two real Mosquittos and a real database: when it acknowledges, and what it does before."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from django.db import DataError, OperationalError, connection

from bridges.mqtt.link import MqttLink
from bridges.mqtt.settings import Subscription
from bridges.pipeline.snapshot import PublishAction, WriteAction
from bridges.tests.cutting_proxy import CuttingProxy
from bridges.tests.link_host import wait_until
from bridges.tests.mqtt_links import outgoing, running_link, settings_for, subscription
from bridges.tests.test_committer import POISON
from bridges.tests.test_courier import LinkDouble
from bridges.tests.test_decisions import publish, rule
from bridges.tests.transit_rig import KEY, AroundDouble, DeviceDouble, Rig, config_of
from bridges.transit.decisions import TransitDecider
from simulators.servers.mosquitto import MosquittoServer
from telemetry.links import LinkState
from telemetry.models import DeadLetter, Delivery, Lease, LedgerEntry, Message, UnreleasedPacket
from telemetry.recording.batch import Batch
from telemetry.recording.recorder import Recorded, Recorder
from telemetry.values import Arrival, Verdict

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def plant() -> Iterator[MosquittoServer]:
    with MosquittoServer() as server:
        yield server


@pytest.fixture
def central() -> Iterator[MosquittoServer]:
    with MosquittoServer() as server:
        yield server


@pytest.fixture(autouse=True)
def _lease() -> None:
    Lease.objects.create(key=KEY, owner="test", token=1, expires_at="2100-01-01T00:00Z")


@pytest.fixture
def rig(
    request: pytest.FixtureRequest, plant: MosquittoServer, central: MosquittoServer
) -> Iterator[tuple[Rig, MqttLink]]:
    """The rig, and a link that publishes to the source's broker."""
    name = str(abs(hash(request.node.name)))
    made = Rig(plant, central, name, AroundDouble(config_of()))
    sink = settings_for(central, client_id="sink")
    publisher = settings_for(plant, client_id=f"{name}-publisher")
    with (
        running_link(sink, made.sink, subscriptions=[subscription("#", qos=2)]) as sinking,
        running_link(publisher, made.source) as link,
    ):
        wait_until(lambda: sinking._subscriber._known)
        made.start()
        yield made, link
        assert made.link.stop(10.0)


def entry(link: str = KEY) -> Any:
    return LedgerEntry.objects.filter(link=link).first() or LedgerEntry()


def send(link: MqttLink, topic: str, *payloads: bytes, qos: int = 1) -> None:
    link.send([outgoing(payload=payload, address=topic, qos=qos) for payload in payloads])


def numbered(count: int) -> list[bytes]:
    return [b'{"n": %d}' % number for number in range(count)]


@pytest.mark.parametrize("qos", [0, 1, 2])
def test_messages_pass_in_order_and_only_their_number_is_kept(rig: tuple[Rig, MqttLink], qos: int) -> None:
    made, link = rig
    send(link, made.topic, *numbered(200), qos=qos)
    wait_until(lambda: len(made.sink.messages) == 200 and entry().passed == 200)
    assert made.sink.payloads == numbered(200)
    assert (entry().received, entry().created, entry().delivered) == (200, 200, 200)
    assert [model.objects.count() for model in (Message, Delivery, DeadLetter)] == [0, 0, 0]
    wait_until(lambda: sum(len(batch.messages) for batch in made.around.adopted) == 200)
    wait_until(lambda: not UnreleasedPacket.objects.exists())


def test_while_a_target_is_away_the_source_keeps_its_messages(
    rig: tuple[Rig, MqttLink], central: MosquittoServer
) -> None:
    made, link = rig
    central.stop()
    send(link, made.topic, *numbered(120))
    wait_until(lambda: "broker:central" in made.around.warning)
    assert entry().passed == 0
    central.start()
    wait_until(lambda: entry().passed == 120)
    assert entry().delivered == 120
    wait_until(lambda: "broker:central" not in made.around.warning)


def test_what_was_not_acknowledged_comes_again_to_the_next_one(
    rig: tuple[Rig, MqttLink], central: MosquittoServer
) -> None:
    made, link = rig
    central.stop()
    send(link, made.topic, *numbered(30))
    wait_until(lambda: "broker:central" in made.around.warning)
    assert made.link.stop(10.0)
    central.start()
    made.link = made.new_link()
    made.start()
    wait_until(lambda: entry().passed == 30)


def test_a_second_target_that_is_away_holds_the_acknowledgement_back(
    rig: tuple[Rig, MqttLink],
) -> None:
    made, link = rig
    both: list[PublishAction | WriteAction] = [publish("out"), WriteAction("device:printer")]
    made.around.config = replace(config_of(rule(actions=both)), version=2)
    send(link, made.topic, b'{"n": 1}')
    wait_until(lambda: len(made.sink.messages) == 1 and "device:printer" in made.around.warning)
    assert entry().passed == 0
    made.around.devices["device:printer"] = DeviceDouble(made.around)
    wait_until(lambda: entry().passed == 1)
    assert entry().delivered == 2


def test_a_write_whose_end_nobody_knows_waits_for_a_person(rig: tuple[Rig, MqttLink]) -> None:
    made, link = rig
    device = DeviceDouble(made.around)
    device.verdict = Verdict.UNKNOWN
    made.around.devices["device:printer"] = device
    made.around.config = replace(config_of(rule(actions=[WriteAction("device:printer")])), version=2)
    send(link, made.topic, b'{"n": 1}')
    wait_until(lambda: entry().passed == 1)
    row = Delivery.objects.get()
    assert (row.state, bytes(row.payload), row.message_id) == ("unknown", b'{"n": 1}', None)
    assert entry("device:printer").unknown == 1


@pytest.mark.parametrize("has_fault", [False, True])
def test_a_write_that_outlasts_the_link_is_not_written_again(
    rig: tuple[Rig, MqttLink], monkeypatch: pytest.MonkeyPatch, has_fault: bool
) -> None:
    made, link = rig
    printer = LinkDouble("device:printer")  # it prints for a long time, and says nothing meanwhile
    made.around.devices["device:printer"] = printer
    made.around.config = replace(config_of(rule(actions=[WriteAction("device:printer")])), version=2)
    send(link, made.topic, *numbered(2))
    wait_until(lambda: len(printer.sent) == 1)
    if has_fault:
        monkeypatch.setattr(made.link._crossing, "_adopt_configuration", lambda: 1 / 0)
    else:
        assert made.link.stop(10.0)
        made.link = made.new_link()
        made.start()
    wait_until(lambda: len(printer.sent) == 2)
    assert [one.payload for one in printer.sent] == numbered(2)
    row = Delivery.objects.get()
    assert (row.state, bytes(row.payload)) == ("unknown", b'{"n": 0}')
    assert (entry().passed, entry("device:printer").unknown) == (1, 1)


def test_what_cannot_be_read_or_said_is_a_dead_letter_and_the_source_is_acknowledged(
    rig: tuple[Rig, MqttLink],
) -> None:
    made, link = rig
    made.around.config = replace(config_of(rule(actions=[publish("out/{device}")])), version=2)
    send(link, made.topic, b"rubbish", b'{"id": "a/#"}', b'{"id": "good"}')
    wait_until(lambda: len(made.sink.messages) == 1 and entry().received == 3)
    assert [bytes(letter.payload) for letter in DeadLetter.objects.all()] == [b"rubbish"]
    assert [(row.state, bytes(row.payload)) for row in Delivery.objects.all()] == [("dead", b'{"id": "a/#"}')]
    assert (entry().passed, entry().dead) == (2, 1)
    assert (entry("broker:central").created, entry("broker:central").refused) == (1, 1)


def test_what_the_database_refuses_is_kept_as_bytes_and_the_others_are_counted(
    rig: tuple[Rig, MqttLink], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, link = rig
    record = Recorder.record

    def choosy(self: Recorder, batch: Batch) -> Recorded:
        if any(row.payload == POISON for row in batch.deliveries):
            raise DataError("too odd for me")
        return record(self, batch)

    monkeypatch.setattr(Recorder, "record", choosy)
    made.around.config = replace(config_of(rule(actions=[publish("out/{device}")])), version=2)
    send(link, made.topic, b'{"id": "a"}', POISON, b'{"id": "b"}')
    wait_until(lambda: entry().received == 3)
    assert (entry().passed, entry().dead, entry().delivered) == (2, 1, 2)
    assert [(bytes(row.payload), row.reason) for row in DeadLetter.objects.all()] == [
        (POISON, "the database refuses it: too odd for me")
    ]
    assert not Delivery.objects.exists()


def test_nothing_is_acknowledged_before_it_is_written_down(
    rig: tuple[Rig, MqttLink], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, link = rig
    record, is_away = Recorder.record, threading.Event()
    acknowledged: list[bool] = []
    crossing = made.link._crossing
    assert crossing is not None
    acknowledge = crossing.input.acknowledge

    def noting(arrivals: Sequence[Arrival]) -> None:
        acknowledged.append(is_away.is_set())
        acknowledge(arrivals)

    monkeypatch.setattr(crossing.input, "acknowledge", noting)

    def fragile(self: Recorder, batch: Batch) -> Recorded:
        if is_away.is_set():
            raise OperationalError("gone")
        return record(self, batch)

    monkeypatch.setattr(Recorder, "record", fragile)
    is_away.set()
    send(link, made.topic, b'{"n": 1}')
    wait_until(lambda: len(made.sink.messages) == 1)
    assert not acknowledged
    is_away.clear()
    wait_until(lambda: entry().passed == 1 and acknowledged == [False])


def test_the_lease_of_another_worker_ends_it_and_nothing_is_acknowledged(rig: tuple[Rig, MqttLink]) -> None:
    made, link = rig
    Lease.objects.filter(key=KEY).update(token=2)
    send(link, made.topic, b'{"n": 1}')
    wait_until(lambda: made.around.lost == {KEY})
    assert not LedgerEntry.objects.exists()


def test_a_session_that_the_source_forgot_lets_go_of_its_packet_ids(rig: tuple[Rig, MqttLink]) -> None:
    made, link = rig
    assert made.link.stop(10.0)
    UnreleasedPacket.objects.bulk_create(
        UnreleasedPacket(link=KEY, packet_id=number, message_id=UUID(int=number)) for number in range(1, 100)
    )
    source = replace(made.settings.session, client_id=f"{made.settings.session.client_id}-new")
    made.settings = replace(made.settings, session=source)
    made.link = made.new_link()
    made.start()
    send(link, made.topic, *numbered(20), qos=2)
    wait_until(lambda: entry().passed == 20)
    assert len(made.sink.messages) == 20
    wait_until(lambda: not UnreleasedPacket.objects.exists())


def test_a_new_message_under_the_packet_id_of_one_in_hand_from_a_lost_session_is_not_lost(
    rig: tuple[Rig, MqttLink], plant: MosquittoServer, central: MosquittoServer
) -> None:
    made, link = rig
    crossing = made.link._crossing
    assert crossing is not None
    central.stop()
    send(link, made.topic, *numbered(20), qos=2)
    wait_until(lambda: len(crossing._passages) == 20)
    before = crossing.input._inbound.connection
    plant.restart()  # it keeps nothing: its packet ids begin anew
    wait_until(lambda: crossing.input._inbound.connection > before and crossing.input._subscriber._known)
    wait_until(lambda: made.source.state is LinkState.CONNECTED)
    send(link, made.topic, b'{"n": 100}', qos=2)
    wait_until(lambda: len(crossing._passages) == 21)
    central.start()
    wait_until(lambda: entry().passed == 21)
    assert entry().delivered == 21
    send(link, made.topic, *[b'{"n": 101}'] * 40, qos=2)
    wait_until(lambda: entry().passed == 61)
    wait_until(lambda: not UnreleasedPacket.objects.exists())


@pytest.mark.parametrize("qos", [1, 2])
def test_what_the_source_sends_again_while_it_is_in_hand_goes_out_once(
    rig: tuple[Rig, MqttLink], plant: MosquittoServer, central: MosquittoServer, qos: int
) -> None:
    made, link = rig
    assert made.link.stop(10.0)
    with CuttingProxy(plant.port) as proxy:
        made.settings = replace(made.settings, session=replace(made.settings.session, port=proxy.port))
        made.link = made.new_link()
        made.start()
        crossing = made.link._crossing
        assert crossing is not None
        central.stop()
        send(link, made.topic, *numbered(20), qos=qos)
        wait_until(lambda: len(crossing._passages) == 20)
        connection_before = crossing.input._inbound.connection
        proxy.cut()
        wait_until(lambda: crossing.input._inbound.connection > connection_before)
        wait_until(lambda: len(crossing.input._inbound._unacknowledged) == 20)
        central.start()
        wait_until(lambda: entry().passed == 20)
        wait_until(lambda: entry().duplicate == 20)
        wait_until(lambda: len(crossing._passages) == 0)
        assert (entry().received, entry().delivered) == (40, 20)
        assert made.link.stop(10.0)


def test_new_subscriptions_need_no_new_connection(rig: tuple[Rig, MqttLink]) -> None:
    made, link = rig
    more = Subscription(name="in", filter=f"{made.topic}/more", identifier=2)
    made.link.update_subscriptions([made.subscription, more])
    crossing = made.link._crossing

    def has_come() -> bool:
        send(link, f"{made.topic}/more", b'{"n": 1}')
        return bool(made.sink.messages)

    wait_until(has_come)
    assert made.link._crossing is crossing


def test_a_fault_of_the_hub_itself_begins_a_new_crossing_and_loses_nothing(
    rig: tuple[Rig, MqttLink], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, link = rig
    first = made.link._crossing
    assert first is not None
    monkeypatch.setattr(first, "_settle", lambda dropped: 1 / 0)
    send(link, made.topic, b'{"n": 1}')
    wait_until(lambda: entry().passed == 1)
    assert made.link._crossing is not first


def test_a_message_that_nothing_can_be_decided_about_is_a_dead_letter_and_others_go_on(
    rig: tuple[Rig, MqttLink], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, link = rig
    decide_all, crossing = TransitDecider.decide_all, made.link._crossing

    def choosy(self: TransitDecider, arrivals: Iterable[Arrival]) -> Batch:
        found = list(arrivals)
        if any(one.payload == b'{"n": 1}' for one in found):
            raise ZeroDivisionError("so odd")
        return decide_all(self, found)

    monkeypatch.setattr(TransitDecider, "decide_all", choosy)
    send(link, made.topic, *numbered(3), qos=2)
    wait_until(lambda: entry().received == 3 and len(made.sink.messages) == 2)
    assert (entry().passed, entry().dead, made.sink.payloads) == (2, 1, [b'{"n": 0}', b'{"n": 2}'])
    letter = DeadLetter.objects.get()
    assert (bytes(letter.payload), letter.reason) == (b'{"n": 1}', "the hub itself failed: ZeroDivisionError: so odd")
    assert made.link._crossing is crossing


def test_a_publication_to_a_broker_without_marks_is_noted_as_an_echo_first(
    plant: MosquittoServer, central: MosquittoServer
) -> None:
    around = AroundDouble(config_of())
    made = Rig(plant, central, "unmarked", around)
    target = settings_for(central, client_id="unmarked-out", protocol=4)
    made.settings = replace(made.settings, outputs=(("broker:central", target),))
    made.link = made.new_link()
    with running_link(settings_for(plant, client_id="unmarked-publisher"), made.source) as link:
        made.start()
        send(link, made.topic, b'{"n": 1}')
        wait_until(lambda: entry().passed == 1)
        assert [(echo.link, echo.topic, via) for echo, (via, _) in around.echoes._echoes.items()] == [
            ("broker:central", "out", "1")
        ]
        assert made.link.stop(10.0)


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    connection.close()
