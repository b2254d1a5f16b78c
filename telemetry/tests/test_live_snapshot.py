"""The snapshot, and looking for what nobody told, on a real database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from telemetry.ids import IdGenerator, new_id
from telemetry.live import sources
from telemetry.live.poller import Poller
from telemetry.live.snapshot import build_snapshot
from telemetry.live.sources import LabelledDevice, LabelledLink, register_device_source, register_link_source
from telemetry.models import ConfigurationVersion, Delivery, LatestReading, Lease, LinkStatus, Message, StoredReading

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 1, 12, 0, 0, 500_000, UTC)


@pytest.fixture(autouse=True)
def _configured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what the test registers is configured."""
    monkeypatch.setattr(sources, "_link_sources", [])
    monkeypatch.setattr(sources, "_device_sources", [])
    monkeypatch.setattr(sources, "_state_sources", {})


def configure_link(key: str = "broker:plant", *, is_enabled: bool = True) -> None:
    register_link_source(lambda: [LabelledLink(key=key, label="Plant", is_enabled=is_enabled)])


def save_message(payload: bytes = b"21.5", **fields: object) -> Message:
    values = {"received_at": NOW, "source": "broker:plant", "topic": "a/b", "payload": payload} | fields
    return Message.objects.create(**values)


def save_delivery(**fields: object) -> Delivery:
    values = {"created_at": NOW, "source": "packets", "kind": "publish", "target": "broker:plant", "payload": b"{}"}
    return Delivery.objects.create(**(values | fields))


def link() -> dict[str, object]:
    (found,) = build_snapshot()["links"]
    return dict(found)


def test_an_empty_hub_has_an_empty_snapshot() -> None:
    snapshot = build_snapshot()
    assert snapshot.pop("at").endswith("Z")
    empty: dict[str, list[object]] = {name: [] for name in ("links", "devices", "alerts", "messages", "writes")}
    assert snapshot == {"config": 1, "demo": False} | empty


def test_a_link_carries_label_state_and_what_waits_for_it() -> None:
    configure_link()
    LinkStatus.objects.create(key="broker:plant", state="refused", detail="Wrong password.", since=NOW)
    save_delivery()
    save_delivery(state="sending")
    save_delivery(state="delivered")
    assert link() == {
        "kind": "link",
        "key": "broker:plant",
        "label": "Plant",
        "state": "refused",
        "detail": "Wrong password.",
        "warning": "",
        "since": "2026-05-01T12:00:00.500Z",
        "last_message_at": None,
        "waiting": 2,
    }


def test_a_link_that_never_had_a_state_is_waiting() -> None:
    configure_link()
    assert link()["state"] == "waiting"


def test_a_link_that_was_switched_off_is_disabled_whatever_its_worker_last_said() -> None:
    configure_link(is_enabled=False)
    LinkStatus.objects.create(key="broker:plant", state="connected")
    assert link()["state"] == "disabled"


def test_a_link_that_was_switched_on_is_waiting_until_a_worker_has_seen_it() -> None:
    configure_link()
    LinkStatus.objects.create(key="broker:plant", state="disabled")
    assert link()["state"] == "waiting"


def test_a_link_whose_worker_vanished_is_not_shown_as_connected() -> None:
    configure_link()
    LinkStatus.objects.create(key="broker:plant", state="connected")
    lease = Lease.objects.create(key="broker:plant", owner="a:1:1", expires_at=datetime.now(UTC) + timedelta(minutes=1))
    assert link()["state"] == "connected"
    lease.expires_at = datetime.now(UTC) - timedelta(seconds=5)
    lease.save()
    assert (link()["state"], link()["detail"]) == ("waiting", "No worker holds this link now.")


def test_the_state_of_a_link_that_is_not_configured_any_more_is_left_out() -> None:
    LinkStatus.objects.create(key="broker:gone", state="connected")
    assert build_snapshot()["links"] == []


def test_devices_are_the_configured_ones_and_those_that_only_messages_name() -> None:
    register_device_source(
        lambda: [
            LabelledDevice(
                name="scale",
                label="The scale",
                driver="mt-sics",
                link="device:scale",
                commands=({"name": "tare", "label": "Tare"},),
            )
        ]
    )
    for device, metric in (("scale", "weight"), ("stray", "t")):
        LatestReading.objects.create(device=device, metric=metric, value=2.5, unit="g", time=NOW, message_id=new_id())
    reading = {"value": 2.5, "unit": "g", "at": "2026-05-01T12:00:00.500Z"}
    assert build_snapshot()["devices"] == [
        {
            "name": "scale",
            "label": "The scale",
            "driver": "mt-sics",
            "link": "device:scale",
            "commands": [{"name": "tare", "label": "Tare"}],
            "is_known": True,
            "last_at": "2026-05-01T12:00:00.500Z",
            "readings": [{"metric": "weight", **reading}],
        },
        {
            "name": "stray",
            "label": "stray",
            "driver": "",
            "link": "",
            "commands": [],
            "is_known": False,
            "last_at": "2026-05-01T12:00:00.500Z",
            "readings": [{"metric": "t", **reading}],
        },
    ]


def test_a_device_without_readings_was_last_heard_when_its_link_was() -> None:
    configure_link("device:scale")
    register_device_source(lambda: [LabelledDevice(name="scale", label="", driver="raw", link="device:scale")])
    LinkStatus.objects.create(key="device:scale", state="connected", last_message_at=NOW)
    assert build_snapshot()["devices"][0]["last_at"] == "2026-05-01T12:00:00.500Z"


def test_messages_are_the_latest_fifty_oldest_first_with_their_readings() -> None:
    messages = [save_message(str(n).encode()) for n in range(52)]
    StoredReading.objects.create(message_id=messages[-1].id, device="esp", metric="t", value=51.0, unit="°C", time=NOW)
    found = build_snapshot()["messages"]
    assert [event["text"] for event in found] == [str(n) for n in range(2, 52)]
    assert found[-1]["readings"] == [{"metric": "t", "value": 51.0, "unit": "°C"}]
    assert (found[-1]["device"], found[0]["device"]) == ("esp", "")


def test_a_large_payload_is_shown_by_its_head_and_its_size() -> None:
    save_message("ä".encode() * 100_000)
    (found,) = build_snapshot()["messages"]
    assert (found["text"], found["size"], found["is_binary"]) == ("ä" * 2000, 200_000, False)


def test_an_empty_payload_is_empty_text() -> None:
    save_message(b"")
    save_delivery(kind="write", target="device:printer", payload=b"")
    snapshot = build_snapshot()
    assert (snapshot["messages"][0]["text"], snapshot["messages"][0]["size"]) == ("", 0)
    assert snapshot["writes"][0]["text"] == ""


def test_writes_are_the_latest_deliveries_to_serial_devices() -> None:
    save_delivery()
    first = save_delivery(kind="write", target="device:printer", payload=b"Hello", state="delivered")
    second = save_delivery(kind="write", target="device:printer", payload=b"\x00\x01", rule="print", reason="paper")
    found = build_snapshot()["writes"]
    assert [event["id"] for event in found] == [str(first.id), str(second.id)]
    assert (found[0]["text"], found[0]["state"]) == ("Hello", "delivered")
    assert (found[1]["text"], found[1]["is_binary"], found[1]["rule"]) == ("0001", True, "print")


def test_a_look_brings_what_is_new_and_only_that() -> None:
    configure_link()
    poller = Poller()
    first = save_message()
    seen = poller.look_at_all()
    assert [event["kind"] for event in seen] == ["message", "link", "config"]
    assert seen[0]["id"] == str(first.id)
    second = save_message()
    ConfigurationVersion.advance()
    LinkStatus.objects.create(key="broker:plant", state="lost")
    seen = poller.look_at_all()
    assert [event.get("id") or event.get("state") or event.get("version") for event in seen] == [
        str(second.id),
        "lost",
        2,
    ]
    assert poller.look_at_all() == []


def test_a_look_finds_a_message_that_was_committed_late() -> None:
    poller = Poller()
    earlier = datetime.now(UTC) - timedelta(seconds=8)
    late = IdGenerator(lambda: int(earlier.timestamp() * 1000))()
    save_message()
    poller.look_at_all()
    save_message(id=late)
    assert [event["id"] for event in poller.look_at_all()] == [str(late)]


def test_a_look_brings_a_delivery_again_when_its_state_changed() -> None:
    poller = Poller()
    delivery = save_delivery()
    poller.look_at_all()
    Delivery.objects.filter(id=delivery.id).update(state="dead", reason="too large")
    (event,) = poller.look_at_all()
    assert (event["id"], event["state"], event["reason"]) == (str(delivery.id), "dead", "too large")
