"""What is still to be told about alerts, and in which words. Sending is the bridges' business."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from telemetry.alerts.base import span
from telemetry.models import Alert, AlertRule

MOST_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell. `level` is one of Apprise's: info, success, warning, failure."""

    alert: Alert
    title: str
    body: str
    level: str


_LEVELS = {"info": "info", "warning": "warning", "critical": "failure"}


def due_notices(rules: Sequence[AlertRule]) -> list[tuple[AlertRule, Notice]]:
    """What is to be told now, oldest first. What concerns a rule without anybody to tell is settled here."""
    waiting = Alert.objects.exclude(notice="")
    if not waiting.exists():
        return []
    heard = {rule.name: rule for rule in rules if rule.targets}
    waiting.exclude(rule__in=heard).update(notice="")
    return [(heard[alert.rule], notice_of(alert, heard[alert.rule])) for alert in waiting.order_by("id")[:MOST_AT_ONCE]]


def notice_of(alert: Alert, rule: AlertRule) -> Notice:
    """The words for what the alert is about to tell."""
    if alert.notice == "open":
        title = f"[{alert.severity}] {rule}: {alert.subject}"
        return Notice(alert, title, alert.detail, _LEVELS.get(alert.severity, "warning"))
    lasted = span((alert.cleared_at - alert.opened_at).total_seconds()) if alert.cleared_at and alert.opened_at else ""
    body = f"It is good again after {lasted}. It was: {alert.detail}"
    return Notice(alert, f"[over] {rule}: {alert.subject}", body, "success")


def settle(notice: Notice, fault: str = "") -> None:
    """It was told; or not, and why: then it stays due."""
    told = Alert.objects.filter(pk=notice.alert.pk, notice=notice.alert.notice)
    if fault:
        told.update(notice_fault=fault)
    else:
        told.update(notice="", notice_fault="")
