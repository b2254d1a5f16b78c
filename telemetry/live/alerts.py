"""The alerts that stand, for the pages. Reads the database."""

from __future__ import annotations

from collections.abc import Collection

from telemetry.live.events import Event, alert_event
from telemetry.models import Alert

MOST = 200


def standing_alerts() -> list[Event]:
    """Those that are open or acknowledged, newest first."""
    rows = Alert.objects.filter(state__in=[Alert.State.OPEN, Alert.State.ACKNOWLEDGED]).order_by("-id")
    return [_event(row) for row in rows[:MOST]]


def alerts_by_id(ids: Collection[int]) -> list[Event]:
    """Where these stand now."""
    return [_event(row) for row in Alert.objects.filter(pk__in=ids).order_by("id")] if ids else []


def _event(row: Alert) -> Event:
    return alert_event(
        row.pk,
        rule=row.rule,
        subject=row.subject,
        severity=row.severity,
        state=row.state,
        detail=row.detail,
        opened_at=row.opened_at or row.bad_since,
        acknowledged_by=row.acknowledged_by,
    )
