"""Limits of brokers and serial devices, as each way of editing them takes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import Client

from bridges.config_file.writer import export_config
from bridges.models import Broker
from devices.models import Device
from telemetry.tests.api_support import staff_client

pytestmark = pytest.mark.django_db

BROKER: dict[str, Any] = {"name": "plant", "host": "mqtt.example.org"}
PRINTER: dict[str, Any] = {"name": "printer", "driver": "escpos", "port": "/dev/serial/by-id/usb-printer"}
TARGETS: list[tuple[type[Broker] | type[Device], dict[str, Any], str]] = [
    (Broker, BROKER, "/api/v1/brokers"),
    (Device, PRINTER, "/api/v1/devices"),
]
each_target = pytest.mark.parametrize(("model", "values", "url"), TARGETS, ids=["broker", "device"])


@each_target
def test_a_target_has_no_limits_unless_they_are_set(model: Any, values: dict[str, Any], url: str) -> None:
    row = model(**values)
    row.full_clean()
    assert (row.drain_rate, row.max_waiting, row.drop_policy) == (None, None, "keep")


@each_target
@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ({"drain_rate": -1.0}, "drain_rate"),
        ({"drain_rate": 20_000.0}, "drain_rate"),
        ({"max_waiting": 0, "drop_policy": "oldest"}, "max_waiting"),
        ({"max_waiting": 5}, "drop_policy"),
        ({"drop_policy": "newest"}, "max_waiting"),
        ({"max_waiting": 5, "drop_policy": "all"}, "drop_policy"),
    ],
)
def test_limits_that_make_no_sense_are_refused_at_their_field(
    model: Any, values: dict[str, Any], url: str, limits: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        model(**values, **limits).full_clean()
    assert field in caught.value.message_dict


@each_target
@pytest.mark.parametrize(
    "limits", [{"drain_rate": -1.0}, {"drop_policy": "oldest"}, {"max_waiting": 5}, {"drop_policy": "some"}]
)
def test_the_database_holds_no_such_limits(
    model: Any, values: dict[str, Any], url: str, limits: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.create(**values, **limits)


@each_target
def test_rest_takes_and_answers_limits(model: Any, values: dict[str, Any], url: str) -> None:
    body = values | {"drain_rate": 2, "max_waiting": 100, "drop_policy": "oldest"}
    answer = staff_client().post(url, body, content_type="application/json")
    assert answer.status_code == 201, answer.content
    shape = answer.json()
    assert (shape["drain_rate"], shape["max_waiting"], shape["drop_policy"]) == (2, 100, "oldest")
    row = model.objects.get()
    assert (row.drain_rate, row.max_waiting, row.drop_policy) == (2.0, 100, "oldest")


def test_rest_names_the_field_of_a_limit_without_its_number() -> None:
    body = BROKER | {"drop_policy": "oldest"}
    answer = staff_client().post("/api/v1/brokers", body, content_type="application/json")
    assert answer.status_code == 400
    assert "how many may wait" in str(answer.json())


def test_the_config_file_says_limits_and_nothing_of_targets_without(tmp_path: Path) -> None:
    Broker.objects.create(**BROKER, drain_rate=0.5)
    Device.objects.create(**PRINTER, max_waiting=10, drop_policy="newest")
    text = export_config()
    assert "drain_rate: 0.5" in text
    assert "max_waiting: 10\n    drop_policy: newest" in text
    assert text.count("drain_rate") == 1
    file = tmp_path / "hub.yaml"
    file.write_text(text)
    Broker.objects.all().delete()
    Device.objects.all().delete()
    call_command("import_config", str(file))
    assert Broker.objects.get().drain_rate == 0.5
    assert Device.objects.get().drop_policy == "newest"


def test_a_device_behind_a_topic_is_no_target() -> None:
    with pytest.raises(ValidationError) as caught:
        Device(name="meter", drain_rate=5.0).full_clean()
    assert list(caught.value.message_dict) == ["drain_rate"]


@pytest.mark.parametrize("page", ["bridges/broker", "devices/device"])
def test_the_admin_page_offers_limits_and_explains_them(admin_client: Client, page: str) -> None:
    words = admin_client.get(f"/admin/{page}/add/").content.decode()
    assert "how much may go out" in words
    assert "the oldest - the newest are what counts" in words
    assert "What is dropped is kept as an expired delivery" in words
