"""Devices that announce themselves, and are adopted by one click or call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from devices import seen
from devices.models import Device
from devices.seen import NotAdoptable, adopt, seen_devices, with_first_reading
from telemetry.ids import lowest_id, time_of
from telemetry.models import ConfigurationVersion, LatestReading, StoredReading

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen, "_OTHERS", [lambda: ["a-topic"]])


def heard(device: str, *metrics: str) -> None:
    for number, metric in enumerate(metrics or ("t",)):
        at = NOW + timedelta(minutes=number)
        LatestReading.objects.create(device=device, metric=metric, value=1, time=at, message_id=lowest_id(at))


def names() -> list[str]:
    return list(seen_devices().values_list("device", flat=True))


def test_whoever_sends_readings_and_has_no_row_was_seen_once() -> None:
    heard("esp-2", "temperature", "humidity", "battery")
    heard("esp-1")
    heard("scale", "weight")
    Device.objects.create(name="scale")

    assert names() == ["esp-1", "esp-2"]


def test_what_stands_under_the_name_of_a_topic_is_no_device() -> None:
    heard("a-topic")

    assert names() == []


def test_it_was_last_seen_with_its_newest_reading_and_first_with_its_oldest() -> None:
    heard("esp", "a", "b", "c")
    for hours in (5, 1):
        at = NOW - timedelta(hours=hours)
        StoredReading.objects.create(
            id=lowest_id(at), message_id=lowest_id(at), device="esp", metric="a", value=1, time=at
        )

    row: Any = with_first_reading(seen_devices()).get()

    assert (row.seen_at, time_of(row.first_id)) == (NOW + timedelta(minutes=2), NOW - timedelta(hours=5))


def test_being_seen_changes_no_configuration_and_adopting_does() -> None:
    before = ConfigurationVersion.current()
    heard("esp")
    assert names() == ["esp"]
    assert ConfigurationVersion.current() == before

    device = adopt("esp")

    assert (device.name, device.driver, device.is_enabled, device.edited_on_web) == ("esp", "", True, True)
    assert ConfigurationVersion.current() > before
    assert names() == []
    assert adopt("esp").pk == device.pk


@pytest.mark.parametrize(("name", "words"), [("never", "was seen"), ("Büro 1", "cannot be a device's name")])
def test_what_cannot_be_adopted_says_why(name: str, words: str) -> None:
    heard("Büro 1")

    with pytest.raises(NotAdoptable, match=words):
        adopt(name)


@pytest.fixture
def person() -> Client:
    user: Any = get_user_model()._default_manager.create(username="u", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(user)
    return client


def test_rest_lists_and_adopts_them(person: Client) -> None:
    heard("esp", "temperature", "battery")
    heard("Büro 1")

    body = person.get("/api/v1/seen-devices").json()

    assert [(row["name"], row["metrics"], row["adoptable"]) for row in body["results"]] == [
        ("Büro 1", ["t"], False),
        ("esp", ["battery", "temperature"], True),
    ]
    assert person.post("/api/v1/seen-devices/esp/adopt").json()["name"] == "esp"
    assert Device.objects.filter(name="esp").exists()
    refused = person.post("/api/v1/seen-devices/Büro 1/adopt")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_adoptable")


def test_rest_turns_the_pages_of_a_long_list(person: Client) -> None:
    for number in range(5):
        heard(f"esp-{number}")
    address, found = "/api/v1/seen-devices?limit=2", []
    while address:
        body = person.get(address).json()
        found += [row["name"] for row in body["results"]]
        address = body["next"]
    assert found == [f"esp-{number}" for number in range(5)]


def test_the_admin_adopts_those_that_are_chosen(person: Client) -> None:
    for name in ("esp-1", "esp-2", "Büro 1"):
        heard(name, "a", "b")
    address = reverse("admin:devices_seendevice_changelist")
    page = person.get(address).content.decode()
    assert page.count("esp-1") >= 1
    assert "a, b" in page
    chosen = list(seen_devices().filter(device__in=["esp-1", "Büro 1"]).values_list("pk", flat=True))

    page = person.post(address, {"action": "adopt", "_selected_action": chosen}, follow=True).content.decode()

    assert list(Device.objects.values_list("name", flat=True)) == ["esp-1"]
    assert "cannot be a device&#x27;s name" in page
