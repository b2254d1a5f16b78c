"""Devices that announced themselves: readings come under a name that no Device has. They may be adopted.

It is all read from the latest readings, which traffic writes anyway: nothing here costs the data path anything, and
no message ever changes the configuration. Retention bounds how many are remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery

from devices.models import Device, SeenDevice
from telemetry.models import LatestReading, StoredReading
from telemetry.names import SLUG

NameSource: TypeAlias = Callable[[], Iterable[str]]
_OTHERS: list[NameSource] = []


class NotAdoptable(Exception):
    """Nobody of this name was seen, or it cannot be a device's name. The text says which."""


def register_other_names(source: NameSource) -> None:
    """Names under which readings stand, and which are no devices: those of Topics that name none."""
    if source not in _OTHERS:
        _OTHERS.append(source)


def seen_devices() -> QuerySet[SeenDevice]:
    """One row for each, with `metric` one of its metrics and `seen_at` the time of its newest reading."""
    of_it = LatestReading.objects.filter(device=OuterRef("device"))
    others = {name for source in _OTHERS for name in source()}
    rows: Any = SeenDevice.objects.exclude(device__in=others)
    found: QuerySet[SeenDevice] = (
        rows.exclude(Exists(of_it.filter(metric__lt=OuterRef("metric"))))
        .exclude(Exists(Device.objects.filter(name=OuterRef("device"))))
        .annotate(seen_at=Subquery(of_it.order_by("-time").values("time")[:1]))
        .order_by("device")
    )
    return found


def with_first_reading(rows: QuerySet[SeenDevice]) -> QuerySet[SeenDevice]:
    """The rows with `first_id`: the id, and so the time, of the oldest reading that is kept."""
    oldest = StoredReading.objects.filter(device=OuterRef("device"), metric=OuterRef("metric")).order_by("id")
    return rows.annotate(first_id=Subquery(oldest.values("id")[:1], output_field=models.UUIDField()))


def adopt(name: str) -> Device:
    """Make it a Device, behind a topic. Once more changes nothing. Raises NotAdoptable."""
    known = Device.objects.filter(name=name).first()
    if known is not None:
        return known
    if not seen_devices().filter(device=name).exists():
        raise NotAdoptable(f"No device named {name!r} was seen.")
    if not SLUG.match(name):
        raise NotAdoptable(
            f"{name!r} cannot be a device's name: letters, digits, '.', '_' and '-' only, 64 at most. "
            "Let its topic name the device instead."
        )
    device = Device(name=name, edited_on_web=True)
    try:
        device.full_clean()
    except ValidationError as fault:
        raise NotAdoptable(" ".join(fault.messages)) from None
    with transaction.atomic():
        device.save()
    return device
