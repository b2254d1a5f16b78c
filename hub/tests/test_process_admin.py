"""The admin's list of processes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from telemetry.models import ProcessStatus

pytestmark = pytest.mark.django_db


def test_processes_that_are_there_are_listed_with_how_they_are() -> None:
    now = timezone.now()
    for pid, seen_at in ((4711, now), (4712, now - timedelta(hours=1))):
        ProcessStatus.objects.create(
            key=str(pid), role="worker", host="pi", pid=pid, site="main", started_at=now, seen_at=seen_at,
            rss_bytes=150_000_000, batch_p50_s=0.0125, needs_restart=["SITE"],
        )  # fmt: skip
    user: Any = get_user_model()._default_manager.create(username="u", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(user)

    page = client.get(reverse("admin:telemetry_processstatus_changelist")).content.decode()

    for words in ("4711", "150 MB", "12.5 ms", "restart for SITE"):
        assert words in page
    assert "4712" not in page
