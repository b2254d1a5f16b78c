"""Looks at one rule: opens what stays bad, clears what stays good. All it remembers is in the rows, so that a restart
changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from telemetry.alerts.base import AlertKind, Finding, World
from telemetry.models import Alert, AlertRule
from telemetry.values import storable

log = logging.getLogger(__name__)

STALE = timedelta(seconds=60)
"""Nobody looked for so long: what was bad before must be bad for its whole time again."""
MOST_STANDING = 500
"""So many alerts of one rule stand at most; more would tell nobody anything."""
GONE = "Its rule was taken away or disabled."


def evaluate(rule: AlertRule, kind: AlertKind, world: World) -> list[Alert]:
    """Bring the rule's alerts up to date; answers those that opened or cleared."""
    standing = {alert.subject: alert for alert in Alert.objects.filter(rule=rule.name).exclude(state="cleared")}
    told = {subject for subject, alert in standing.items() if alert.state != Alert.State.PENDING}
    found = {finding.subject: finding for finding in kind.find(world, told)}
    changed = [
        _seen_bad(rule, kind, finding, standing.get(finding.subject), world.now)
        for finding in _new_last(found.values(), standing)
    ]
    changed += [_seen_good(kind, alert, world.now) for subject, alert in standing.items() if subject not in found]
    return [alert for alert in changed if alert is not None]


def clear_orphans(rules: Collection[str], now: datetime) -> list[Alert]:
    """Clear the alerts of rules that are no more; nobody is told."""
    orphans = Alert.objects.exclude(state=Alert.State.CLEARED).exclude(rule__in=rules)
    orphans.filter(state=Alert.State.PENDING).delete()
    cleared = list(orphans)
    for alert in cleared:
        alert.state, alert.cleared_at, alert.notice, alert.detail = Alert.State.CLEARED, now, "", GONE
        alert.save(update_fields=["state", "cleared_at", "notice", "detail"])
    return cleared


def _new_last(found: Iterable[Finding], standing: Collection[str]) -> list[Finding]:
    room = MOST_STANDING - len(standing)
    new = [finding for finding in found if finding.subject not in standing]
    return [finding for finding in found if finding.subject in standing] + new[: max(0, room)]


def _seen_bad(rule: AlertRule, kind: AlertKind, finding: Finding, alert: Alert | None, now: datetime) -> Alert | None:
    detail = storable(finding.detail)
    if alert is None:
        alert = Alert(
            rule=rule.name, subject=finding.subject, severity=rule.severity, detail=detail, bad_since=now, seen_at=now
        )
    elif alert.state == Alert.State.PENDING and now - alert.seen_at > STALE:
        alert.bad_since = now
    if alert.state != Alert.State.PENDING:
        _stays_bad(alert, detail, now)
        return None
    alert.detail, alert.seen_at = detail, now
    opens = (now - alert.bad_since).total_seconds() >= kind.for_s
    if opens:
        alert.state, alert.opened_at, alert.notice = Alert.State.OPEN, now, "open"
        log.warning("alert: %s", detail, extra={"rule": rule.name, "subject": alert.subject})
    alert.save()
    return alert if opens else None


def _stays_bad(alert: Alert, detail: str, now: datetime) -> None:
    """The sentence is kept as it was told, but for one that tells something new once a minute."""
    if alert.good_since is None and (alert.detail == detail or now - alert.seen_at < STALE):
        return
    alert.good_since, alert.detail, alert.seen_at = None, detail, now
    alert.save(update_fields=["good_since", "detail", "seen_at"])


def _seen_good(kind: AlertKind, alert: Alert, now: datetime) -> Alert | None:
    if alert.state == Alert.State.PENDING:
        alert.delete()
        return None
    if alert.good_since is None:
        alert.good_since = now
    if (now - alert.good_since).total_seconds() < kind.clear_s:
        alert.save(update_fields=["good_since"])
        return None
    alert.state, alert.cleared_at, alert.notice = Alert.State.CLEARED, now, "cleared"
    alert.save(update_fields=["state", "cleared_at", "notice", "good_since"])
    log.info("alert is over: %s", alert.detail, extra={"rule": alert.rule, "subject": alert.subject})
    return alert


def acknowledge(alert: Alert, *, by: str, now: datetime) -> bool:
    """Somebody looks after it. False if it is not open (any more)."""
    return bool(
        Alert.objects.filter(pk=alert.pk, state=Alert.State.OPEN).update(
            state=Alert.State.ACKNOWLEDGED, acknowledged_by=by, acknowledged_at=now
        )
    )
