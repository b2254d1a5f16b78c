"""The right to let messages send raw bytes to a printer: they can cut, feed for ever and open a cash drawer."""

from __future__ import annotations

from typing import Any

from devices.drivers.escpos import EscposDriver
from devices.models import Device
from devices.printing.job import RAW

PRINT_RAW = "devices.print_raw"
REFUSAL = "You may not let messages send raw bytes to a printer; choose text, or ask for the permission."


def may_print_raw(request: Any) -> bool:
    """People by their permission; a key by its scope `configure`, without which it would not be here; a file may."""
    key_owner: str = getattr(getattr(request, "auth", None), "owner", "")
    if request is None or key_owner:
        return True
    return bool(request.user.has_perm(PRINT_RAW))


def becomes_raw(device: Device) -> bool:
    """Whether saving this device makes it a printer of raw bytes, and it is none yet."""
    if not _is_raw(device):
        return False
    stored = Device.objects.filter(pk=device.pk).first() if device.pk else None
    return stored is None or not _is_raw(stored)


def _is_raw(device: Device) -> bool:
    options = device.options if isinstance(device.options, dict) else {}
    return device.driver == EscposDriver.name and options.get("mode", RAW) == RAW
