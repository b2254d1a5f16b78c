"""The snapshot that every live page starts from: what is configured, where it stands, what came last.

Reads the database and is slow in comparison: call it in a thread, and not once per page.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

from django.conf import settings
from django.db import connection

from telemetry.delivery_kinds import WRITE
from telemetry.live.alerts import standing_alerts
from telemetry.live.configured_links import link_states
from telemetry.live.events import Event, instant
from telemetry.live.rows import delivery_events, message_events
from telemetry.live.sources import configured_devices, configured_states
from telemetry.models import ConfigurationVersion, Delivery, LatestReading, Message

Snapshot: TypeAlias = dict[str, Any]

MESSAGES = 50
WRITES = 30
_RECENT_DELIVERIES = 5_000
"""Writes are looked for among so many deliveries: no index finds them."""
_READINGS = 10_000


def build_snapshot() -> Snapshot:
    """All fields of the frame but `type` and `seq`."""
    states, waiting = link_states(), _waiting_counts()
    return {
        "at": instant(datetime.now(UTC)),
        "config": ConfigurationVersion.current(),
        "demo": bool(getattr(settings, "PATCHBAY_DEMO", False)),
        "links": [event | {"label": link.label, "waiting": waiting.get(link.key, 0)} for link, event in states],
        "devices": _devices({link.key: event["last_message_at"] for link, event in states}),
        "alerts": standing_alerts(),
        "messages": message_events(Message.objects.order_by("-id")[:MESSAGES])[::-1],
        "writes": _writes(),
        **configured_states(),
    }


def _waiting_counts() -> dict[str, int]:
    """Literal values, so that SQLite finds its partial index."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT target, count(*) FROM telemetry_delivery WHERE state IN ('waiting', 'sending') GROUP BY target"
        )
        return dict(cursor.fetchall())


def _devices(last_messages: dict[str, str | None]) -> list[dict[str, Any]]:
    readings = _latest_readings()
    devices = []
    for device in configured_devices():
        state = _device(device.name, readings.pop(device.name, []))
        known = {"label": device.label, "driver": device.driver, "link": device.link, "is_known": True}
        known["commands"] = list(device.commands)
        times = (state["last_at"], last_messages.get(device.link))
        devices.append(state | known | {"last_at": max(filter(None, times), default=None)})
    return devices + [_device(name, found) for name, found in sorted(readings.items())]


def _device(name: str, readings: Sequence[dict[str, Any]]) -> dict[str, Any]:
    last_at = max((reading["at"] for reading in readings), default=None)
    return {
        "name": name,
        "label": name,
        "driver": "",
        "link": "",
        "is_known": False,
        "commands": [],
        "last_at": last_at,
        "readings": readings,
    }


def _latest_readings() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    rows = LatestReading.objects.order_by("device", "metric").values("device", "metric", "value", "unit", "time")
    for row in rows[:_READINGS]:
        reading = {"metric": row["metric"], "value": row["value"], "unit": row["unit"], "at": instant(row["time"])}
        found.setdefault(row["device"], []).append(reading)
    return found


def _writes() -> list[Event]:
    recent = Delivery.objects.order_by("-id")
    oldest = recent.values_list("id", flat=True)[_RECENT_DELIVERIES - 1 : _RECENT_DELIVERIES].first()
    writes = recent.filter(kind=WRITE)
    if oldest is not None:
        writes = writes.filter(id__gte=oldest)
    return delivery_events(writes[:WRITES])[::-1]
