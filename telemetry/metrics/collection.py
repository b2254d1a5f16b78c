"""Reads the metrics of all processes out of the database: whichever web process is asked, the answer is the same.

It asks for sums and states only, never for history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Sum
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from telemetry.link_states import honest_states
from telemetry.links import LinkState
from telemetry.models import Alert, ConfigurationVersion, DeadLetter, LedgerEntry, ProcessStatus, RuleCount
from telemetry.processes.environment import present_processes

IN = ("received", "stored", "passed", "duplicate", "dead", "dropped")
OUT = ("created", "delivered", "refused", "expired", "unknown")
RULE = ("matched", "unmatched", "missing", "failed", "looped")


class HubCollector(Collector):
    """All metrics of the hub at one moment."""

    def collect(self) -> Iterator[Metric]:
        """Each family once."""
        yield from _ledger()
        yield from _outbox()
        yield from _links(honest_states().values())
        yield _rules()
        yield from _processes(present_processes())
        yield from _alerts()
        version = GaugeMetricFamily("patchbay_configuration_version", "Rises with each change of the configuration.")
        version.add_metric([], ConfigurationVersion.current())
        yield version


def _ledger() -> Iterator[Metric]:
    """Sums over all hours: they only ever rise."""
    rows = LedgerEntry.objects.order_by().values("link").annotate(**{name: Sum(name) for name in (*IN, *OUT)})
    messages = CounterMetricFamily(
        "patchbay_messages", "Messages by link and what became of them.", labels=["link", "outcome"]
    )
    deliveries = CounterMetricFamily(
        "patchbay_deliveries", "Deliveries by target and what became of them.", labels=["target", "outcome"]
    )
    for row in rows.order_by("link"):
        _add(messages, row, IN)
        _add(deliveries, row, OUT)
    yield messages
    yield deliveries


def _add(family: CounterMetricFamily, row: Mapping[str, Any], columns: Iterable[str]) -> None:
    """Nothing for a link that has never done any of these."""
    if any(row[name] for name in columns):
        for name in columns:
            family.add_metric([row["link"], name], row[name])


def _outbox() -> Iterator[Metric]:
    """Literal states, so that SQLite finds its partial indexes."""
    waiting = GaugeMetricFamily("patchbay_deliveries_waiting", "Deliveries that wait, by target.", labels=["target"])
    oldest = GaugeMetricFamily(
        "patchbay_delivery_oldest_waiting_seconds", "How long the oldest one waits, by target.", labels=["target"]
    )
    open_letters = GaugeMetricFamily("patchbay_dead_letters_open", "Messages that want a person.")
    failed = GaugeMetricFamily(
        "patchbay_deliveries_failed", "Deliveries that want a person, by state.", labels=["state"]
    )
    now = datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT target, count(*), min(created_at) FROM telemetry_delivery"
            " WHERE state IN ('waiting', 'sending') GROUP BY target ORDER BY target"
        )
        for target, count, at in cursor.fetchall():
            waiting.add_metric([target], count)
            oldest.add_metric([target], max(0.0, (now - _aware(at)).total_seconds()))
        cursor.execute(
            "SELECT state, count(*) FROM telemetry_delivery WHERE state IN ('dead', 'unknown') GROUP BY state"
        )
        counts = dict(cursor.fetchall())
    for state in ("dead", "unknown"):
        failed.add_metric([state], counts.get(state, 0))
    open_letters.add_metric([], DeadLetter.objects.filter(resolved_at=None).count())
    yield from (waiting, oldest, failed, open_letters)


def _links(rows: Iterable[Any]) -> Iterator[Metric]:
    state = GaugeMetricFamily("patchbay_link_state", "1 for the state in which a link is.", labels=["link", "state"])
    up = GaugeMetricFamily("patchbay_link_up", "1 while a link is connected.", labels=["link"])
    since = GaugeMetricFamily(
        "patchbay_link_last_message_timestamp_seconds", "When a link last sent something.", labels=["link"]
    )
    for row in sorted(rows, key=lambda row: row.key):
        up.add_metric([row.key], row.state == LinkState.CONNECTED)
        for name in LinkState:
            state.add_metric([row.key, name.value], row.state == name)
        if row.last_message_at:
            since.add_metric([row.key], row.last_message_at.timestamp())
    yield from (up, state, since)


def _rules() -> Metric:
    family = CounterMetricFamily(
        "patchbay_rule_evaluations", "Evaluations of rules and what came of them.", labels=["rule", "outcome"]
    )
    for row in RuleCount.objects.order_by("rule"):
        for name in RULE:
            family.add_metric([row.rule, name], getattr(row, name))
    return family


_PROCESS_GAUGES: tuple[tuple[str, str, Callable[[ProcessStatus], float]], ...] = (
    ("patchbay_process_resident_memory_bytes", "Memory of a process.", lambda row: row.rss_bytes),
    ("patchbay_process_start_time_seconds", "When a process began.", lambda row: row.started_at.timestamp()),
    ("patchbay_process_inbox", "Arrivals that wait for their commit.", lambda row: row.inbox),
    ("patchbay_process_disk_free_bytes", "Free space under DATA_DIR.", lambda row: row.disk_free_bytes),
    ("patchbay_process_disk_bytes", "Size of the disk under DATA_DIR.", lambda row: row.disk_total_bytes),
)


def _processes(rows: Iterable[ProcessStatus]) -> Iterator[Metric]:
    """Those that reported a moment ago."""
    labels = ["role", "host", "pid", "site"]
    known = [(row, [row.role, row.host, str(row.pid), row.site]) for row in rows]
    for name, words, value in _PROCESS_GAUGES:
        family = GaugeMetricFamily(name, words, labels=labels)
        for row, values in known:
            family.add_metric(values, value(row))
        yield family
    batches = CounterMetricFamily("patchbay_process_batches", "Batches that a process committed.", labels=labels)
    commit = GaugeMetricFamily(
        "patchbay_process_commit_seconds", "Time of the latest commits.", labels=[*labels, "quantile"]
    )
    for row, values in known:
        batches.add_metric(values, row.batches)
        for quantile, seconds in (("0.5", row.batch_p50_s), ("0.95", row.batch_p95_s)):
            if seconds is not None:
                commit.add_metric([*values, quantile], seconds)
    yield from (batches, commit)


def _alerts() -> Iterator[Metric]:
    family = GaugeMetricFamily("patchbay_alerts", "Alerts that stand.", labels=["state", "severity"])
    standing = Alert.objects.filter(state__in=[Alert.State.OPEN, Alert.State.ACKNOWLEDGED])
    for row in standing.values("state", "severity").annotate(count=Count("id")).order_by("state", "severity"):
        family.add_metric([row["state"], row["severity"]], row["count"])
    yield family


def _aware(value: Any) -> datetime:
    """As Django reads a time: SQLite keeps it as text."""
    found: datetime = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found.tzinfo else found.replace(tzinfo=UTC)
