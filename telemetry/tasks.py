"""Short tasks of telemetry, run by any worker; their schedules are rows in the admin."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from celery import shared_task
from django.conf import settings

from telemetry.retention import apply_retention, tidy

log = logging.getLogger(__name__)


@shared_task(name="telemetry.keep_house")
def keep_house() -> None:
    """Drop what RETENTION_DAYS says, and tidy."""
    now = datetime.now(UTC)
    apply_retention(settings.PATCHBAY_RETENTION_DAYS, now=now)
    log.info("tidied", extra={name.replace(" ", "_"): count for name, count in tidy(now).items()})
