"""The metrics: who may read them, that Prometheus can, and that they say what the database says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from hub.tests.api_support import key_client
from telemetry.ids import new_id
from telemetry.metrics.collection import HubCollector
from telemetry.metrics.exposition import Exposition, exposition
from telemetry.models import Alert, DeadLetter, Delivery, LedgerEntry, LinkStatus, ProcessStatus, RuleCount

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    exposition._made.clear()
    yield
    exposition._made.clear()


def sample(name: str, **labels: str) -> float | None:
    found = [one for family in HubCollector().collect() for one in family.samples if one.name == name]
    return next((one.value for one in found if labels.items() <= one.labels.items()), None)


def test_a_key_that_may_read_reads_the_metrics() -> None:
    answer = key_client("read").get("/metrics")

    assert answer["Content-Type"].startswith("text/plain")
    assert "patchbay_configuration_version" in {family.name for family in read_text(answer.content.decode())}


@pytest.mark.parametrize(("client", "status"), [(Client(), 401), ("submit", 403)])
def test_nobody_else_does(client: Any, status: int) -> None:
    client = key_client(client) if isinstance(client, str) else client

    answer = client.get("/metrics")

    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")


def test_they_may_be_made_public(settings: Any) -> None:
    settings.PATCHBAY_METRICS_PUBLIC = True

    assert Client().get("/metrics").status_code == 200


def test_prometheus_gets_the_format_that_it_asks_for() -> None:
    LedgerEntry.objects.create(link="broker:b", hour=NOW, received=3)
    accept = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1"

    answer = key_client("read").get("/metrics", headers={"Accept": accept})

    families: Any = openmetrics.text_string_to_metric_families(answer.content.decode())  # type: ignore[no-untyped-call]
    assert answer["Content-Type"].startswith("application/openmetrics-text")
    assert "patchbay_messages" in {family.name for family in families}


def test_counters_are_the_sums_of_the_ledger() -> None:
    for hours in (0, 1):
        LedgerEntry.objects.create(link="broker:b", hour=NOW - timedelta(hours=hours), received=10, stored=9, created=4)

    assert sample("patchbay_messages_total", link="broker:b", outcome="received") == 20
    assert sample("patchbay_messages_total", link="broker:b", outcome="stored") == 18
    assert sample("patchbay_deliveries_total", target="broker:b", outcome="created") == 8


def test_the_outbox_tells_what_waits_and_what_wants_a_person() -> None:
    for state in ("waiting", "sending", "dead", "dead", "delivered"):
        Delivery.objects.create(
            id=new_id(), created_at=NOW - timedelta(minutes=1), source="s", kind="publish", target="broker:b",
            payload=b"", state=state,
        )  # fmt: skip
    DeadLetter.objects.create(created_at=NOW, source="s", stage="decode", reason="r", payload=b"")
    DeadLetter.objects.create(created_at=NOW, source="s", stage="decode", reason="r", payload=b"", resolved_at=NOW)

    assert sample("patchbay_deliveries_waiting", target="broker:b") == 2
    assert (sample("patchbay_delivery_oldest_waiting_seconds", target="broker:b") or 0) >= 60
    assert sample("patchbay_deliveries_failed", state="dead") == 2
    assert sample("patchbay_deliveries_failed", state="unknown") == 0
    assert sample("patchbay_dead_letters_open") == 1


def test_links_tell_their_state() -> None:
    LinkStatus.objects.create(key="broker:up", state="connected", last_message_at=NOW)
    LinkStatus.objects.create(key="device:down", state="refused")

    assert sample("patchbay_link_up", link="broker:up") == 1
    assert sample("patchbay_link_up", link="device:down") == 0
    assert sample("patchbay_link_state", link="device:down", state="refused") == 1
    assert sample("patchbay_link_state", link="device:down", state="connected") == 0
    assert sample("patchbay_link_last_message_timestamp_seconds", link="broker:up") == pytest.approx(NOW.timestamp())


def test_processes_that_are_there_tell_how_they_are() -> None:
    now = datetime.now(UTC)  # not when this module was read: the run may be long
    for pid, seen_at in ((1, now), (2, now - timedelta(hours=1))):
        ProcessStatus.objects.create(
            key=str(pid), role="worker", host="pi", pid=pid, site="main", started_at=NOW, seen_at=seen_at,
            rss_bytes=5, inbox=7, batches=3, batch_p50_s=0.25,
        )  # fmt: skip

    assert sample("patchbay_process_resident_memory_bytes", pid="1", role="worker", host="pi", site="main") == 5
    assert sample("patchbay_process_inbox", pid="1") == 7
    assert sample("patchbay_process_batches_total", pid="1") == 3
    assert sample("patchbay_process_commit_seconds", pid="1", quantile="0.5") == 0.25
    assert sample("patchbay_process_commit_seconds", pid="1", quantile="0.95") is None
    assert sample("patchbay_process_inbox", pid="2") is None


def test_rules_and_alerts_are_counted() -> None:
    RuleCount.objects.create(rule="r", matched=4, failed=1)
    for subject, state in (("a", "open"), ("b", "open"), ("c", "cleared"), ("d", "pending")):
        Alert.objects.create(
            rule="x", subject=subject, severity="critical", state=state, detail="d", bad_since=NOW, seen_at=NOW
        )

    assert sample("patchbay_rule_evaluations_total", rule="r", outcome="matched") == 4
    assert sample("patchbay_alerts", state="open", severity="critical") == 2
    assert sample("patchbay_alerts", state="cleared") is None


def test_many_askers_cost_one_reading_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def collect(self: HubCollector) -> Iterator[Any]:
        made.append(1)
        return iter(())

    monkeypatch.setattr(HubCollector, "collect", collect)
    one = Exposition()

    for _ in range(5):
        one.text("")

    assert made == [1]
