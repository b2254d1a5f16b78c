"""`manage.py prepare`: all that a hub in production needs before its processes start. Run it at each start."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Idempotent. Ends with code 1, and a line that says why, if the hub must not be started as it is."""

    help = "Check the settings, bring the tables up to date, make the rows of a first start, gather static files."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("check", databases=["default"], stdout=self.stdout, stderr=self.stderr)
        call_command("migrate", interactive=False, verbosity=0)
        call_command("make_first_rows", stdout=self.stdout)
        if settings.PATCHBAY_IS_PRODUCTION:
            call_command("collectstatic", interactive=False, verbosity=0)
        self.stdout.write("The hub is ready to start.")
