"""What the live pages are told about configured devices."""

from __future__ import annotations

import pytest

from devices.models import Device
from telemetry.live.snapshot import build_snapshot

pytestmark = pytest.mark.django_db


def test_the_live_page_shows_serial_devices_as_links_and_all_as_devices() -> None:
    Device.objects.create(name="scale", label="The scale", driver="lines", port="/dev/ttyUSB0")
    Device.objects.create(name="esp32")
    snapshot = build_snapshot()
    assert [(link["key"], link["label"], link["state"]) for link in snapshot["links"]] == [
        ("device:scale", "The scale", "waiting")
    ]
    assert [(found["name"], found["label"], found["link"], found["is_known"]) for found in snapshot["devices"]] == [
        ("esp32", "esp32", "", True),
        ("scale", "The scale", "device:scale", True),
    ]


def test_a_disabled_device_is_a_disabled_link() -> None:
    Device.objects.create(name="scale", driver="lines", port="/dev/ttyUSB0", is_enabled=False)
    assert build_snapshot()["links"][0]["state"] == "disabled"


def test_a_device_is_told_with_the_commands_that_its_driver_knows() -> None:
    Device.objects.create(name="kern", driver="kern-tws", port="/dev/kern")
    Device.objects.create(name="arduino", driver="lines", port="/dev/arduino")
    commands = {found["name"]: found["commands"] for found in build_snapshot()["devices"]}
    assert commands["arduino"] == []
    assert {"name": "tare", "label": "Tare"} in commands["kern"]


def test_a_driver_that_is_no_more_has_no_commands() -> None:
    Device.objects.create(name="old", driver="gone", port="/dev/old")
    assert build_snapshot()["devices"][0]["commands"] == []
