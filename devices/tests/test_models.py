"""What a Device may be, as every way of editing it checks."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from devices.models import Device

pytestmark = pytest.mark.django_db


def scale(**changes: Any) -> Device:
    return Device(**{"name": "scale", "driver": "lines", "port": "/dev/serial/by-id/usb-scale"} | changes)


def faults_of(device: Device) -> dict[str, list[str]]:
    try:
        device.full_clean()
    except ValidationError as fault:
        return fault.message_dict
    return {}


def test_a_device_with_a_driver_and_a_port_is_good() -> None:
    assert faults_of(scale(options={"decimal_comma": True})) == {}


def test_a_device_behind_a_topic_needs_neither_driver_nor_port() -> None:
    assert faults_of(Device(name="meter")) == {}


@pytest.mark.parametrize(("changes", "field"), [({"port": ""}, "port"), ({"driver": ""}, "driver")])
def test_a_driver_and_a_port_come_together(changes: dict[str, str], field: str) -> None:
    assert list(faults_of(scale(**changes))) == [field]


def test_an_unknown_driver_is_refused_with_the_known_ones() -> None:
    assert "'scales' is not one of lines" in faults_of(scale(driver="scales"))["driver"][0]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"decimal_coma": True}, "decimal_coma: is not an option here"),
        ({"max_bytes": "many"}, "max_bytes: must be a whole number"),
        ({"line_end": "crlf"}, "line_end: must be one of"),
        (["lf"], "JSON object"),
    ],
)
def test_a_wrong_option_is_named(options: Any, said: str) -> None:
    faults = faults_of(scale(options=options))
    assert list(faults) == ["options"]
    assert said in faults["options"][0]


def test_options_without_a_driver_are_refused() -> None:
    assert list(faults_of(Device(name="meter", options={"line_end": "lf"}))) == ["options"]


@pytest.mark.parametrize("port", ["ttyUSB0", "socket://", "COM\x00", "loop://"])
def test_a_port_that_cannot_be_opened_is_refused(port: str) -> None:
    assert list(faults_of(scale(port=port))) == ["port"]


def test_a_port_is_used_once_at_a_site() -> None:
    scale().save()
    assert "scale has this port" in faults_of(scale(name="other"))["port"][0]


def test_the_same_path_at_another_site_is_another_port() -> None:
    scale().save()
    assert faults_of(scale(name="other", site="cellar")) == {}


def test_a_name_never_changes() -> None:
    scale().save()
    device = Device.objects.get()
    device.name = "balance"
    assert "stays 'scale'" in faults_of(device)["name"][0]


def test_a_stored_device_stays_good() -> None:
    scale().save()
    assert faults_of(Device.objects.get()) == {}


@pytest.mark.parametrize("name", ["my scale", "", "ä", "x" * 65, "a/b", "a#"])
def test_a_name_is_a_slug(name: str) -> None:
    assert "name" in faults_of(scale(name=name))


def test_a_port_that_may_change_its_number_brings_a_warning() -> None:
    assert "/dev/serial/by-id/" in scale(port="/dev/ttyUSB0").warnings()[0]
    assert scale().warnings() == []
