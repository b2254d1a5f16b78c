"""The keeper of meters on a real database: what it puts into the outbox, what it takes from messages, what it keeps."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from bridges.meters.decision import ACK_TIMEOUT
from bridges.models import Broker, Meter, MeterRequest, MeterState, Topic
from bridges.runtime.leases import Holder, Leases
from bridges.runtime.meter_keeper import LEASE, MeterKeeper
from telemetry.ids import lowest_id, new_id
from telemetry.models import Delivery, Lease, LedgerEntry, Message
from telemetry.recording.batch import Batch
from telemetry.recording.faults import LeaseLost

pytestmark = pytest.mark.django_db(transaction=True)
METER = "33B1225950028"
SECOND = timedelta(seconds=1)
REPLIES = ("COMMOD_SET_REP", "COMMOD_READ_REP", "METER_TIME_REP", "TELECTRL_REP", "RT_DATA")


@pytest.fixture
def broker() -> Broker:
    row = Broker.objects.create(name="meters", host="127.0.0.1")
    for number, name in enumerate(REPLIES):
        Topic.objects.create(name=f"m{number}", broker=row, filter=f"MQTT_{name}", codec="kpm33b")
    return row


@pytest.fixture
def adopted() -> list[Batch]:
    return []


@pytest.fixture
def keeper(adopted: list[Batch]) -> MeterKeeper:
    leases = Leases(Holder.this_process("tests"))
    assert leases.claim(LEASE, is_sticky=False) is not None
    return MeterKeeper(leases, adopted.append)


def now() -> datetime:
    return datetime.now(UTC)


def reply(topic: str, at: datetime, *, retained: bool = False, **said: str) -> None:
    Message.objects.create(
        id=new_id(),
        received_at=at,
        source="broker:meters",
        topic=f"MQTT_{topic}",
        is_retained=retained,
        payload=json.dumps({"id": METER, "code": "01", **said}).encode(),
    )


def commands() -> list[tuple[str, dict[str, str]]]:
    rows = Delivery.objects.order_by("id").values_list("address", "payload")
    return [(address, json.loads(bytes(payload))) for address, payload in rows]


def test_a_command_is_a_publication_that_counts_expires_and_is_never_retained(
    broker: Broker, keeper: MeterKeeper, adopted: list[Batch]
) -> None:
    Meter.objects.create(name=METER, broker=broker, desired_seconds_interval=30)
    keeper.look(now())
    row = Delivery.objects.get()
    assert (row.kind, row.target, row.address) == ("publish", "broker:meters", "MQTT_COMMOD_READ_25950028")
    assert (row.qos, row.is_retained, row.state) == (1, False, "waiting")
    assert row.expires_at == row.created_at + ACK_TIMEOUT
    assert LedgerEntry.objects.get(link="broker:meters").created == 1
    assert [draft.id for batch in adopted for draft in batch.deliveries] == [row.id]


def test_a_keeper_that_takes_over_tells_nothing_twice_and_understands_the_reply(broker: Broker) -> None:
    Meter.objects.create(name=METER, broker=broker, desired_seconds_interval=30)
    leases = Leases(Holder.this_process("tests"))
    assert leases.claim(LEASE, is_sticky=False) is not None
    at = now()
    MeterKeeper(leases, lambda batch: None).look(at)
    MeterKeeper(leases, lambda batch: None).look(at + SECOND)
    ((_, command),) = commands()
    reply("COMMOD_READ_REP", at + SECOND, oprid=command["oprid"], Cmd="0000", value="30")
    MeterKeeper(leases, lambda batch: None).look(at + 2 * SECOND)
    state = MeterState.objects.get()
    assert (state.seconds_interval, state.is_seconds_read, state.tries) == (30, True, {})
    assert len(commands()) == 1


def test_a_retained_reply_is_no_reply(broker: Broker, keeper: MeterKeeper) -> None:
    Meter.objects.create(name=METER, broker=broker, desired_seconds_interval=30)
    at = now()
    keeper.look(at)
    reply("COMMOD_READ_REP", at, retained=True, oprid=commands()[0][1]["oprid"], value="60")
    keeper.look(at + SECOND)
    assert MeterState.objects.get().seconds_interval is None


def test_without_a_way_for_the_reply_nothing_is_told(broker: Broker, keeper: MeterKeeper) -> None:
    Topic.objects.filter(filter="MQTT_COMMOD_READ_REP").update(is_enabled=False)
    Meter.objects.create(name=METER, broker=broker, desired_seconds_interval=30)
    keeper.look(now())
    assert commands() == []


@pytest.mark.parametrize("which", ["meter", "broker", "nothing wanted"])
def test_a_meter_that_is_disabled_or_of_which_nothing_is_wanted_is_left_alone(
    broker: Broker, keeper: MeterKeeper, which: str
) -> None:
    wanted = None if which == "nothing wanted" else 30
    Meter.objects.create(name=METER, broker=broker, desired_seconds_interval=wanted, is_enabled=which != "meter")
    Broker.objects.update(is_enabled=which != "broker")
    keeper.look(now())
    assert commands() == []


def test_a_relay_that_was_asked_for_long_ago_is_not_switched(broker: Broker, keeper: MeterKeeper) -> None:
    meter, at = Meter.objects.create(name=METER, broker=broker), now()
    MeterRequest.objects.create(meter=meter, kind="relay_on", asked_at=at - timedelta(minutes=1), asked_by="user:1")
    keeper.look(at)
    assert (commands(), MeterRequest.objects.count()) == ([], 0)
    MeterRequest.objects.create(meter=meter, kind="relay_off", asked_at=at, asked_by="user:1")
    for seconds in range(0, 3600, 60):
        keeper.look(at + seconds * SECOND)
    ((address, command),) = commands()
    assert (address, command["do1"]) == ("MQTT_TELECTRL_25950028", "0")


def test_a_keeper_that_lost_its_lease_writes_nothing(broker: Broker, keeper: MeterKeeper) -> None:
    Meter.objects.create(name=METER, broker=broker, desired_seconds_interval=30)
    Lease.objects.filter(key=LEASE).update(token=99)
    with pytest.raises(LeaseLost):
        keeper.look(now())
    assert (commands(), MeterState.objects.count()) == ([], 0)


def test_a_meter_that_is_heard_is_added_with_its_drift_and_told_nothing(broker: Broker, keeper: MeterKeeper) -> None:
    at = now()
    Message.objects.create(
        id=lowest_id(at), received_at=at, source="broker:meters", topic="MQTT_RT_DATA", topic_name="m4",
        device=METER, device_time=at + timedelta(hours=1), payload=b"{}",
    )  # fmt: skip
    keeper.look(at)
    keeper.look(at + timedelta(seconds=6))
    assert Meter.objects.get().name == METER
    assert MeterState.objects.get().clock_drift_s == pytest.approx(3600, abs=1)
    assert commands() == []
