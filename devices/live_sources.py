"""Tells the live pages which devices, and which serial links, are configured."""

from __future__ import annotations

from collections.abc import Iterator

from devices.drivers.registry import DRIVERS
from devices.models import Device
from telemetry.live.sources import (
    LabelledCommand,
    LabelledDevice,
    LabelledLink,
    register_device_source,
    register_link_source,
)


def links() -> Iterator[LabelledLink]:
    """The serial links."""
    for device in Device.objects.exclude(driver=""):
        yield LabelledLink(key=device.link_key, label=str(device), is_enabled=device.is_enabled)


def devices() -> Iterator[LabelledDevice]:
    """All devices, also those behind a topic."""
    for device in Device.objects.all():
        yield LabelledDevice(
            name=device.name,
            label=str(device),
            driver=device.driver,
            link=device.link_key,
            commands=_commands(device.driver),
        )


def _commands(driver: str) -> tuple[LabelledCommand, ...]:
    """What a device with this driver can be told by name; nothing for a driver that is no more."""
    kind = DRIVERS.get(driver)
    return tuple({"name": command.name, "label": command.label} for command in kind.commands) if kind else ()


def register() -> None:
    """Called once, when the app is ready."""
    register_link_source(links)
    register_device_source(devices)
