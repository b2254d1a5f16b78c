"""Puts the live state beside configured rows in lists: one query for all states of a page, one for all counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count
from django.forms import Media
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from telemetry.admin_parts.typed import ModelAdmin
from telemetry.admin_parts.words import NOTHING, ago, link_state, two_lines
from telemetry.link_states import honest_states
from telemetry.models import Delivery, LinkStatus

OPEN = (Delivery.State.WAITING, Delivery.State.SENDING)


class LiveChangeList(ChangeList):
    """A page of a list; its admin adds live state to the rows once they are known."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        self.model_admin.add_live_state(self.result_list)  # type: ignore[attr-defined]


def statuses(keys: Iterable[str]) -> dict[str, LinkStatus]:
    """The states of these links, by key."""
    return honest_states(keys)


def waiting_counts(keys: Iterable[str]) -> dict[str, int]:
    """How many Deliveries wait for each of these targets."""
    found = Delivery.objects.filter(target__in=[key for key in keys if key], state__in=OPEN)
    return dict(found.values_list("target").annotate(Count("pk")).order_by())


class LinkStateColumns(ModelAdmin):
    """Columns for rows that have a `link_key` and `is_enabled`. A script keeps them fresh while the list is open."""

    @property
    def media(self) -> Media:
        """With the script."""
        return super().media + Media(js=["telemetry/live_cells.js"])

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LiveChangeList

    def add_live_state(self, rows: Sequence[Any]) -> None:
        """Two queries for the whole page."""
        keys = [row.link_key for row in rows]
        found, waiting = statuses(keys), waiting_counts(keys)
        for row in rows:
            row.live_status = found.get(row.link_key)
            row.live_waiting = waiting.get(row.link_key, 0)

    @admin.display(description="Name", ordering="name")
    def named(self, row: Any) -> SafeString:
        """The name, and the label below it."""
        return two_lines(row.name, row.label)

    @admin.display(description="State")
    def state(self, row: Any) -> SafeString | str:
        """The link's state in words, and since when; a device behind a topic has no link."""
        if not row.link_key:
            return "behind a topic" if row.is_enabled else link_state(None, is_enabled=False)
        status = status_of(row)
        since = ago(status.connected_since or status.since) if status and row.is_enabled else ""
        return two_lines(link_state(status, is_enabled=row.is_enabled), since)

    @admin.display(description="Last message")
    def last_message(self, row: Any) -> SafeString | str:
        """When it last sent something."""
        status = status_of(row)
        return ago(status.last_message_at) if status else NOTHING

    @admin.display(description="Last problem")
    def last_error(self, row: Any) -> SafeString | str:
        """A warning that stands, else the last error and how long ago it was; of a link that works now, as the past."""
        status = status_of(row)
        if status is None or not (status.warning or status.last_error):
            return NOTHING
        if status.warning:
            return format_html("<strong>{}</strong>", status.warning)
        before = "before: " if status.state == LinkStatus.State.CONNECTED else ""
        return format_html("{}{} ({})", before, status.last_error, ago(status.last_error_at))

    @admin.display(description="Waiting deliveries")
    def waiting(self, row: Any) -> SafeString | str:
        """How many, with a link to them."""
        if not row.link_key:
            return NOTHING
        count = (
            row.live_waiting if hasattr(row, "live_waiting") else waiting_counts([row.link_key]).get(row.link_key, 0)
        )
        if not count:
            return "0"
        address = reverse(
            "admin:telemetry_delivery_changelist", query={"target": row.link_key, "state__exact": "waiting"}
        )
        return format_html('<a href="{}">{}</a>', address, count)


def status_of(row: Any) -> LinkStatus | None:
    """The state that the list has found, or (on a page of one object) asks for."""
    if not hasattr(row, "live_status"):
        row.live_status = statuses([row.link_key]).get(row.link_key)
    status: LinkStatus | None = row.live_status
    return status
