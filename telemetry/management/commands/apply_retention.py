"""`manage.py apply_retention [--dry-run]`: what the daily schedule does, now."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from telemetry.management.hub_command import HubCommand
from telemetry.retention import apply_retention, tidy


class Command(HubCommand):
    """Ends with code 0, also when months stay because deliveries of them are open."""

    help = "Drop the months of history that are older than RETENTION_DAYS."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be dropped")
        parser.add_argument("--days", type=int, help="another number of days than RETENTION_DAYS")

    def handle(self, *args: Any, **options: Any) -> None:
        days, is_dry = options["days"] or settings.PATCHBAY_RETENTION_DAYS, options["dry_run"]
        if not days:
            self.stdout.write("RETENTION_DAYS is not set: all history stays.")
        for month in apply_retention(days, now=datetime.now(UTC), is_dry=is_dry):
            self.stdout.write(str(month) if month.kept else f"{month} {'would be dropped' if is_dry else 'dropped'}")
        if not is_dry:
            tidy(datetime.now(UTC))
