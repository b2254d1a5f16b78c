"""The project's own admin pages: API keys, schedules, and the processes that report themselves."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from hub.access.admin import ApiKeyAdmin
from hub.schedule_admin import ScheduleAdmin
from telemetry.admin_parts.history import ReadOnlyAdmin
from telemetry.admin_parts.words import NOTHING, ago, state_badge
from telemetry.models import ProcessStatus
from telemetry.processes.environment import present_processes

__all__ = ["ApiKeyAdmin", "ProcessStatusAdmin", "ScheduleAdmin"]
_MEGABYTE = 1e6


@admin.register(ProcessStatus)
class ProcessStatusAdmin(ReadOnlyAdmin):
    """The processes of the hub that are there."""

    list_display = (
        "role",
        "host",
        "pid",
        "site",
        "began",
        "seen",
        "memory",
        "inbox",
        "batches",
        "commit",
        "environment_said",
    )
    list_display_links = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[ProcessStatus]:
        """Not those that vanished without a word."""
        return super().get_queryset(request).filter(pk__in=present_processes().values("pk"))

    @admin.display(description="Began", ordering="started_at")
    def began(self, row: ProcessStatus) -> SafeString | str:
        """How long ago."""
        return ago(row.started_at)

    @admin.display(description="Reported", ordering="seen_at")
    def seen(self, row: ProcessStatus) -> SafeString | str:
        """How long ago."""
        return ago(row.seen_at)

    @admin.display(description="Memory", ordering="rss_bytes")
    def memory(self, row: ProcessStatus) -> str:
        """In megabytes."""
        return f"{row.rss_bytes / _MEGABYTE:.0f} MB"

    @admin.display(description="Commits take")
    def commit(self, row: ProcessStatus) -> str:
        """The median of the latest ones."""
        return NOTHING if row.batch_p50_s is None else f"{row.batch_p50_s * 1000:.1f} ms"

    @admin.display(description="Environment")
    def environment_said(self, row: ProcessStatus) -> SafeString | str:
        """What reading it again brought."""
        if row.fault:
            return state_badge("dead", row.fault)
        return f"restart for {', '.join(row.needs_restart)}" if row.needs_restart else ""
