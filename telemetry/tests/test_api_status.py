"""`GET status` and `GET ping`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from telemetry.ids import new_id
from telemetry.models import ConfigurationVersion, Delivery, LedgerEntry, LinkStatus
from telemetry.tests.api_support import staff_client

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_redis(settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"


def test_ping_needs_no_key_and_tells_the_time(client: Client) -> None:
    body = client.get("/api/v1/ping").json()
    assert body["ok"] is True
    assert abs(datetime.fromisoformat(body["time"]) - datetime.now(UTC)) < timedelta(minutes=1)


def test_status_tells_of_links_queues_configuration_and_redis() -> None:
    LinkStatus.objects.create(key="broker:plant", state="connected", detail="as hub-1")
    for state in ("waiting", "waiting", "sending", "delivered"):
        Delivery.objects.create(
            id=new_id(), created_at=datetime.now(UTC), source="packets", kind="publish", target="broker:plant",
            payload=b"", state=state,
        )  # fmt: skip
    body = staff_client().get("/api/v1/status").json()
    assert (body["links"][0]["key"], body["links"][0]["state"]) == ("broker:plant", "connected")
    assert [(row["target"], row["waiting"], row["sending"]) for row in body["queues"]] == [("broker:plant", 2, 1)]
    assert body["config_version"] == ConfigurationVersion.current()
    assert body["redis"] is False


def test_the_ledger_is_summed_over_the_last_day_and_no_longer() -> None:
    now = datetime.now(UTC)
    for hours, received in ((1, 5), (3, 7), (30, 100)):
        LedgerEntry.objects.create(link="broker:plant", hour=now - timedelta(hours=hours), received=received, stored=1)
    ledger = staff_client().get("/api/v1/status").json()["ledger"]["broker:plant"]
    assert (ledger["received"], ledger["stored"], ledger["expired"]) == (12, 2, 0)
