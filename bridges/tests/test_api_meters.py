"""Meters over REST: what is wanted, how they stand, who may switch a relay, and the energy of a month."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from bridges.meters.report import csv_report, month_named
from bridges.meters.standing import clock_words
from bridges.models import Broker, Meter, MeterDefaults, MeterRequest, MeterState, Topic
from devices.models import Device
from devices.seen import seen_devices
from telemetry.ids import lowest_id, new_id
from telemetry.models import LatestReading, StoredReading
from telemetry.tests.api_support import staff_client

pytestmark = pytest.mark.django_db
URL = "/api/v1/meters"
METER = "33B1225950028"
LATER = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def client() -> Client:
    return staff_client()


@pytest.fixture
def broker() -> Broker:
    row = Broker.objects.create(name="meters", host="127.0.0.1")
    for number, kind in enumerate(("COMMOD_SET", "COMMOD_READ", "METER_TIME", "TELECTRL")):
        Topic.objects.create(name=f"r{number}", broker=row, filter=f"MQTT_{kind}_REP", codec="kpm33b")
    return row


def post(client: Client, url: str, body: Any) -> Any:
    return client.post(url, body, content_type="application/json")


def count_up(metric: str, values: dict[datetime, float]) -> None:
    for number, (at, value) in enumerate(values.items()):
        row_id = UUID(int=lowest_id(at).int + number + len(metric) * 10_000)
        StoredReading.objects.create(
            id=row_id, message_id=row_id, device=METER, metric=metric, value=value, unit="kWh", time=at
        )


def report(month: str = "2026-01") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(csv_report(*month_named(month), now=LATER))))


def test_a_meter_has_what_is_wanted_beside_what_is_reported(client: Client, broker: Broker) -> None:
    body = {"name": METER, "broker": "meters", "context": "Heat Pump", "desired_seconds_interval": 30}
    made = post(client, URL, body)
    assert (made.status_code, made.json()["warnings"]) == (201, [])
    at = datetime(2026, 1, 12, 16, tzinfo=UTC)
    MeterState.objects.create(
        meter=Meter.objects.get(), seen_at=at, seconds_interval=60, seconds_at=at, clock_drift_s=3600.04
    )
    LatestReading.objects.create(
        device=METER, metric="active_energy", value=31.057, unit="kWh", time=at, message_id=new_id()
    )
    (said,) = client.get(URL).json()["results"]
    assert (said["context"], said["desired_seconds_interval"]) == ("Heat Pump", 30)
    assert said["reported"]["seconds_interval"]["value"] == 60
    assert said["reported"]["clock"]["drift_s"] == 3600.0
    assert said["readings"]["active_energy"]["value"] == 31.057


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("desired_seconds_interval", 5),
        ("desired_minutes_interval", 7),
        ("zone", "Mars"),
        ("context", "/x"),
        ("context", "a+b"),
        ("name", "short"),
    ],
)
def test_only_what_a_meter_can_do_is_taken(client: Client, broker: Broker, field: str, value: Any) -> None:
    answer = post(client, URL, {"name": METER, "broker": "meters", field: value})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["path"] == f"/{field}"


def test_replies_that_nobody_hears_are_warned_of_and_their_commands_refused(client: Client, broker: Broker) -> None:
    Topic.objects.filter(filter="MQTT_TELECTRL_REP").delete()
    made = post(client, URL, {"name": METER, "broker": "meters", "keeps_clock": True})
    assert "MQTT_TELECTRL_REP" in made.json()["warnings"][0]
    answer = post(client, f"{URL}/{METER}/relay", {"state": "on"})
    assert (answer.status_code, answer.json()["code"]) == (409, "reply_unheard")


def test_a_relay_needs_a_right_of_its_own(broker: Broker) -> None:
    Meter.objects.create(name=METER, broker=broker)
    user = User.objects.create_user("ben", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["change_meter", "add_meter"]))
    client = Client()
    client.force_login(user)
    assert post(client, f"{URL}/{METER}/commands", {"command": "retry"}).status_code == 202
    assert post(client, f"{URL}/{METER}/relay", {"state": "off"}).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="control_relay"))
    assert post(client, f"{URL}/{METER}/relay", {"state": "off"}).status_code == 202
    assert list(MeterRequest.objects.values_list("kind", flat=True)) == ["retry", "relay_off"]


def test_a_disabled_meter_is_asked_nothing(client: Client, broker: Broker) -> None:
    Meter.objects.create(name=METER, broker=broker, is_enabled=False)
    assert post(client, f"{URL}/{METER}/commands", {"command": "set_clock"}).status_code == 409


def test_a_month_is_the_difference_of_its_counters_and_joins_the_next(client: Client, broker: Broker) -> None:
    Meter.objects.create(name=METER, broker=broker, zone="+01:00", label="=1+1")
    start = datetime(2025, 12, 31, 23, tzinfo=UTC)  # midnight in the meter's zone
    count_up("active_energy", {start + timedelta(hours=hour): 100 + hour / 10 for hour in range(31 * 24 + 1)})
    answer = client.get(f"{URL}/report?month=2026-01")
    assert answer["Content-Type"].startswith("text/csv")
    (row,) = report()
    assert (row["first"], row["last"], row["difference"], row["notes"]) == ("100.000", "174.400", "74.400", "")
    assert row["first_time"] == "2026-01-01T00:00:00+01:00"
    assert row["last_time"] == "2026-02-01T00:00:00+01:00"
    assert row["label"] == "'=1+1"  # no formula


def test_gaps_are_named_and_a_counter_that_fell_has_no_difference(broker: Broker) -> None:
    Meter.objects.create(name=METER, broker=broker)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    hours = [hour for hour in range(31 * 24 + 1) if not 10 < hour < 20]
    count_up("active_energy", {start + timedelta(hours=hour): float(hour) for hour in hours})
    count_up("active_energy_t1", {start: 5.0, start + timedelta(days=31): 2.0})
    total, tariff = report()
    assert total["notes"] == "no data from 2026-01-01T10:00:00+00:00 to 2026-01-01T20:00:00+00:00"
    assert total["difference"] == "744.000"
    assert (tariff["register"], tariff["difference"]) == ("active_energy_t1", "")
    assert "fell from 5.000 to 2.000" in tariff["notes"]


def test_a_meter_without_data_is_in_the_report(broker: Broker) -> None:
    Meter.objects.create(name=METER, broker=broker)
    (row,) = report()
    assert (row["meter"], row["difference"], row["notes"]) == (METER, "", "no data in this month")


@pytest.mark.parametrize("month", ["", "2026", "2026-13", "1-1", "0000-01"])
def test_a_month_that_is_none_is_refused(client: Client, month: str) -> None:
    assert client.get(f"{URL}/report?month={month}").status_code == 400


def test_the_admin_shows_meters_and_offers_the_report(client: Client, broker: Broker) -> None:
    meter = Meter.objects.create(name=METER, broker=broker, desired_seconds_interval=30)
    MeterDefaults.objects.create(name="all", broker=broker, desired_minutes_interval=15)
    at = datetime(2026, 1, 12, 16, tzinfo=UTC)
    tries = {"set_seconds": {"value": "30", "sent_at": at.isoformat(), "count": 2, "oprids": ["x"], "is_open": False,
                             "refusal": "the meter refused it (code 02)"}}  # fmt: skip
    MeterState.objects.create(meter=meter, clock_drift_s=-7000.0, clock_drift_at=at, tries=tries)
    count_up("active_energy", {at: 31.057})
    page = client.get("/admin/bridges/meter/").content.decode()
    for words in (
        METER,
        "wanted: 30 s",
        "wanted: 15 min",
        "the meter refused it (code 02)",
        "1 h behind",
        "Energy 2026-01",
    ):
        assert words in page
    assert client.get(f"/admin/bridges/meter/{meter.pk}/change/").status_code == 200
    assert METER in client.get("/admin/bridges/meter/report/?month=2026-01").content.decode()


@pytest.mark.parametrize("how", ["page", "list"])
def test_a_deleted_meter_does_not_come_back_as_a_device_that_waits_for_adoption(
    client: Client, broker: Broker, how: str
) -> None:
    meter = Meter.objects.create(name=METER, broker=broker)
    at = datetime(2026, 1, 12, 16, tzinfo=UTC)
    count_up("active_energy", {at: 31.057})
    for name in (METER, "other"):
        LatestReading.objects.create(
            device=name, metric="active_energy", value=31.057, unit="kWh", time=at, message_id=new_id()
        )
    if how == "page":
        client.post(f"/admin/bridges/meter/{meter.pk}/delete/", {"post": "yes"})
    else:
        Meter.objects.filter(name=METER).delete()
    assert not Meter.objects.exists()
    assert [row.device for row in seen_devices()] == ["other"]
    assert StoredReading.objects.filter(device=METER).exists()


def test_the_list_of_meters_has_so_few_columns_that_it_fits_beside_its_filter(client: Client, broker: Broker) -> None:
    Meter.objects.create(name=METER, broker=broker)
    for metric, value, unit in (
        ("active_power", 6.5, "kW"),
        ("active_energy", 31, "kWh"),
        ("active_energy_export", 2, "kWh"),
    ):
        LatestReading.objects.create(
            device=METER, metric=metric, value=value, unit=unit, time=LATER, message_id=new_id()
        )
    page = client.get("/admin/bridges/meter/").content.decode()
    assert re.findall(r'class="[^"]*\bcolumn-(\w+)', page) == ["named", "seen", "intervals", "clock", "load", "talk"]
    for words in ("6.500 kW<br>31.000 kWh", "export 2.000 kWh"):
        assert words in page


def test_a_deleted_meter_that_is_also_a_device_keeps_its_newest_values(broker: Broker) -> None:
    Device.objects.create(name=METER)
    LatestReading.objects.create(
        device=METER, metric="active_energy", value=31.057, unit="kWh", time=LATER, message_id=new_id()
    )
    Meter.objects.create(name=METER, broker=broker).delete()
    assert LatestReading.objects.filter(device=METER).exists()


def test_the_page_that_asks_before_deleting_names_the_meter(client: Client, broker: Broker) -> None:
    meter = Meter.objects.create(name=METER, broker=broker)
    MeterState.objects.create(meter=meter)
    MeterRequest.objects.create(meter=meter, kind="relay_on", asked_at=LATER, asked_by="user:1")
    page = client.get(f"/admin/bridges/meter/{meter.pk}/delete/").content.decode()
    assert f"state of {METER}" in page
    assert f"switch the relay on: {METER}" in page


def test_who_asks_for_something_is_told_where_the_answer_will_stand(client: Client, broker: Broker) -> None:
    meter = Meter.objects.create(name=METER, broker=broker)
    asked = {"action": "set_clock", "_selected_action": [meter.pk]}
    page = client.post("/admin/bridges/meter/", asked, follow=True).content.decode()
    assert "Asked: 1. Reload this page in some seconds" in page


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "right"), (-1.9, "right"), (5, "5 s ahead"), (-90, "1 min behind"), (-3600, "1 h behind"),
     (-27_025_045, "312 d behind")],
)  # fmt: skip
def test_a_clock_is_told_as_on_the_live_page(seconds: float, words: str) -> None:
    assert clock_words(timedelta(seconds=seconds)) == words


def test_the_admin_switches_a_relay_only_after_a_question(client: Client, broker: Broker) -> None:
    meter = Meter.objects.create(name=METER, label="Heat pump", broker=broker)
    asked = {"action": "relay_off", "_selected_action": [meter.pk]}
    page = client.post("/admin/bridges/meter/", asked).content.decode()
    assert "loses its power" in page
    assert "Heat pump (33B1225950028)" in page
    assert not MeterRequest.objects.exists()
    client.post("/admin/bridges/meter/", asked | {"sure": "Switch the relay off"})
    assert MeterRequest.objects.get().kind == "relay_off"
