"""The admin page of devices that were seen and not adopted."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from devices.models import SeenDevice
from devices.seen import NotAdoptable, adopt, seen_devices, with_first_reading
from telemetry.admin_parts.history import ReadOnlyAdmin
from telemetry.admin_parts.words import NOTHING, ago
from telemetry.ids import time_of
from telemetry.models import LatestReading


@admin.register(SeenDevice)
class SeenDeviceAdmin(ReadOnlyAdmin):
    """Who announced itself."""

    list_display = ("device", "metrics", "first_seen", "last_seen")
    list_display_links = None
    ordering = ("device",)
    search_fields = ("device",)
    search_help_text = "A part of the name"
    actions = ("adopt",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SeenDevice]:
        """One row for each."""
        return with_first_reading(seen_devices())

    def has_adopt_permission(self, request: HttpRequest) -> bool:
        """Whoever may add devices."""
        return request.user.has_perm("devices.add_device")

    @admin.action(description="Adopt", permissions=["adopt"])
    def adopt(self, request: HttpRequest, queryset: QuerySet[SeenDevice]) -> None:
        """Make them devices; those that cannot be are named with the reason."""
        adopted = []
        for name in list(queryset.values_list("device", flat=True)):
            try:
                adopted.append(adopt(name).name)
            except NotAdoptable as fault:
                messages.error(request, str(fault))
        if adopted:
            messages.success(request, f"Adopted: {', '.join(adopted)}.")

    @admin.display(description="Readings")
    def metrics(self, row: Any) -> str:
        """What it measures."""
        return ", ".join(
            LatestReading.objects.filter(device=row.device).order_by("metric").values_list("metric", flat=True)[:12]
        )

    @admin.display(description="First seen")
    def first_seen(self, row: Any) -> SafeString | str:
        """As far as its readings are kept."""
        return ago(time_of(row.first_id)) if row.first_id else NOTHING

    @admin.display(description="Last seen")
    def last_seen(self, row: Any) -> SafeString | str:
        """Its newest reading."""
        return ago(row.seen_at)
