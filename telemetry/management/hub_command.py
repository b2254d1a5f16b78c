"""What our commands for a hub with tables share: without tables they end with a line that says how to get them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder


class HubCommand(BaseCommand):
    """A command that needs the tables. It must not make them: `prepare` and `up` do."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Raises CommandError if the hub was never started."""
        try:
            is_new = not MigrationRecorder(connection).has_table()
        except DatabaseError as error:
            raise CommandError(f"The database cannot be used: {error}") from None
        if is_new:
            raise CommandError("This hub was never started: run `manage.py prepare`, or start it once.")
        return super().execute(*args, **options)
