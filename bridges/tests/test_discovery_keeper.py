"""The keeper of discovery on a real database: what it puts into the outbox, what it remembers, what it takes back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bridges.discovery.births import birth_name
from bridges.discovery.plan import SETTLING
from bridges.models import Broker, PublishedDocument
from bridges.runtime.discovery_keeper import LEASE, DiscoveryKeeper
from bridges.runtime.leases import Holder, Leases
from devices.models import Device
from telemetry.ids import lowest_id
from telemetry.models import CodecState, Delivery, LatestReading, Lease, LedgerEntry, LinkStatus, Message, StoredReading
from telemetry.recording.batch import Batch
from telemetry.recording.faults import LeaseLost

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
LATER = NOW + SETTLING
CONFIG = "homeassistant/sensor/patchbay_scale/weight/config"
STATUS, AVAILABILITY, STATE = "patchbay/status", "patchbay/scale/availability", "patchbay/scale/state"


def connect(link: str, since: datetime = NOW) -> None:
    LinkStatus.objects.update_or_create(key=link, defaults={"state": "connected", "connected_since": since})


def read(device: str = "scale", metric: str = "weight", unit: str = "g", at: datetime = NOW) -> None:
    LatestReading.objects.update_or_create(
        device=device,
        metric=metric,
        defaults={"value": 12.5, "unit": unit, "time": at, "message_id": lowest_id(at)},
    )


@pytest.fixture
def broker() -> Broker:
    connect("broker:home")
    return Broker.objects.create(name="home", host="127.0.0.1", discovery_enabled=True)


@pytest.fixture
def scale(broker: Broker) -> Device:
    read()
    connect("device:scale")
    return Device.objects.create(name="scale", label="Bench scale", driver="kern-tws", port="/dev/ttyS9")


@pytest.fixture
def adopted() -> list[Batch]:
    return []


@pytest.fixture
def keeper(adopted: list[Batch]) -> DiscoveryKeeper:
    leases = Leases(Holder.this_process("tests"))
    assert leases.claim(LEASE, is_sticky=False) is not None
    return DiscoveryKeeper(leases, adopted.append)


def said() -> dict[str, bytes]:
    """What each topic was told last."""
    rows = Delivery.objects.order_by("id").values_list("address", "payload")
    return {address: bytes(payload) for address, payload in rows}


def forget() -> None:
    Delivery.objects.all().delete()


def test_everything_is_said_once_and_then_the_state(
    scale: Device, keeper: DiscoveryKeeper, adopted: list[Batch]
) -> None:
    keeper.look(NOW)
    config = orjson.loads(said()[CONFIG])
    assert (config["device"]["name"], config["device"]["manufacturer"]) == ("Bench scale", "KERN")
    assert (said()[STATUS], said()[AVAILABILITY]) == (b"online", b"online")
    assert STATE not in said()
    assert set(Delivery.objects.values_list("target", "qos", "is_retained", "state")) == {
        ("broker:home", 1, True, "waiting")
    }
    assert LedgerEntry.objects.get(link="broker:home").created == len(adopted[0].deliveries) == len(said())
    forget()
    keeper.look(LATER)
    keeper.look(LATER + SETTLING)
    assert said() == {STATE: b'{"weight":{"g":12.5}}'}
    assert not Delivery.objects.get().is_retained


def test_a_keeper_that_takes_over_says_nothing_twice(scale: Device, keeper: DiscoveryKeeper) -> None:
    keeper.look(NOW)
    keeper.look(LATER)
    forget()
    leases = Leases(Holder.this_process("tests"))
    DiscoveryKeeper(leases, lambda batch: None).look(LATER + SETTLING)
    assert said() == {}


def test_nothing_is_said_to_a_broker_that_is_not_connected(scale: Device, keeper: DiscoveryKeeper) -> None:
    LinkStatus.objects.filter(key="broker:home").update(state="lost", connected_since=None)
    keeper.look(NOW)
    assert said() == {}
    connect("broker:home", LATER)
    keeper.look(LATER)
    assert CONFIG in said()


def test_a_new_connection_brings_everything_again_as_it_may_be_another_broker(
    scale: Device, keeper: DiscoveryKeeper
) -> None:
    keeper.look(NOW)
    first = said()
    forget()
    connect("broker:home", NOW + timedelta(seconds=1))
    keeper.look(NOW + timedelta(seconds=2))
    assert said() == first


def test_a_scale_that_leaves_the_unit_out_while_it_moves_keeps_its_unit_and_says_no_value_without_it(
    scale: Device, keeper: DiscoveryKeeper, broker: Broker
) -> None:
    keeper.look(NOW)
    first = said()[CONFIG]
    forget()
    read(unit="")
    StoredReading.objects.create(
        message_id=lowest_id(NOW), device="scale", metric="weight", value=1.0, unit="g", time=NOW
    )
    keeper.look(LATER)
    assert said() == {STATE: b"{}"}
    PublishedDocument.objects.all().delete()
    leases = Leases(Holder.this_process("tests"))
    DiscoveryKeeper(leases, lambda batch: None).look(LATER)  # one that has not seen the unit itself
    assert said()[CONFIG] == first


def test_a_start_of_home_assistant_brings_the_configs_again(scale: Device, keeper: DiscoveryKeeper) -> None:
    keeper.look(NOW)
    keeper.look(LATER)
    forget()
    CodecState.objects.create(topic_name=birth_name("broker:home"), state=LATER.isoformat().encode())
    keeper.look(LATER)
    assert CONFIG in said()
    keeper.look(LATER + SETTLING)
    assert said()[STATE] == b'{"weight":{"g":12.5}}'


def test_a_port_that_is_pulled_makes_its_device_unavailable(scale: Device, keeper: DiscoveryKeeper) -> None:
    keeper.look(NOW)
    forget()
    LinkStatus.objects.filter(key="device:scale").update(state="lost", connected_since=None)
    keeper.look(LATER + SETTLING)
    assert said()[AVAILABILITY] == b"offline"


def test_a_regular_device_behind_a_topic_is_away_when_it_falls_silent(broker: Broker, keeper: DiscoveryKeeper) -> None:
    Device.objects.create(name="hall")
    for minutes in range(10):
        at = NOW - timedelta(minutes=minutes)
        Message.objects.create(id=lowest_id(at), received_at=at, source="broker:home", device="hall", payload=b"")
    read("hall", "temperature", "°C")
    keeper.look(NOW + timedelta(minutes=5))
    assert said()["patchbay/hall/availability"] == b"online"
    assert orjson.loads(said()["homeassistant/sensor/patchbay_hall/temperature/config"])["expire_after"] == 300
    keeper.look(NOW + timedelta(minutes=6))
    assert said()["patchbay/hall/availability"] == b"offline"


def test_a_device_that_was_only_seen_is_not_told_of(broker: Broker, keeper: DiscoveryKeeper) -> None:
    read("stranger")
    keeper.look(NOW)
    assert not [topic for topic in said() if "stranger" in topic]


@pytest.mark.parametrize("how", ["removed", "disabled"])
def test_a_device_that_is_removed_or_disabled_is_taken_back(scale: Device, keeper: DiscoveryKeeper, how: str) -> None:
    keeper.look(NOW)
    keeper.look(LATER)
    forget()
    if how == "removed":
        scale.delete()
    else:
        Device.objects.update(is_enabled=False)
    keeper.look(LATER)
    assert said() == {CONFIG: b"", AVAILABILITY: b""}
    assert set(Delivery.objects.values_list("is_retained", flat=True)) == {True}
    assert not PublishedDocument.objects.filter(device="scale").exists()


def test_another_prefix_moves_everything(scale: Device, broker: Broker, keeper: DiscoveryKeeper) -> None:
    keeper.look(NOW)
    forget()
    Broker.objects.update(discovery_prefix="ha")
    keeper.look(LATER)
    assert said()[CONFIG] == b""
    assert "ha/sensor/patchbay_scale/weight/config" in said()


def test_switched_off_everything_is_taken_back_and_then_nothing_is_written(
    scale: Device, keeper: DiscoveryKeeper
) -> None:
    keeper.look(NOW)
    forget()
    Broker.objects.update(discovery_enabled=False)
    keeper.look(LATER)
    assert STATUS not in said(), "the will of the connection that stands would bring it back"
    connect("broker:home", LATER)
    keeper.look(LATER)
    assert set(said().values()) == {b""}
    assert STATUS in said()
    assert PublishedDocument.objects.count() == 0
    assert keeper.has_lease() is False
    assert Lease.objects.get(key=LEASE).owner == ""
    with CaptureQueriesContext(connection) as queries:
        assert keeper.has_lease() is False
    assert all(query["sql"].startswith("SELECT") for query in queries)


def test_a_keeper_that_lost_its_lease_says_nothing(scale: Device, keeper: DiscoveryKeeper) -> None:
    Lease.objects.filter(key=LEASE).update(token=99)
    with pytest.raises(LeaseLost):
        keeper.look(NOW)
    assert (said(), PublishedDocument.objects.count()) == ({}, 0)


def test_a_new_unit_is_told(scale: Device, keeper: DiscoveryKeeper) -> None:
    keeper.look(NOW)
    read(unit="kg")
    keeper.look(LATER)
    assert orjson.loads(said()[CONFIG])["unit_of_measurement"] == "kg"
