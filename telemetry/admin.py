"""The admin pages of what happened. Deliveries stand with the bridges, which can send them again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from telemetry.admin_parts.history import AgeFilter, LinkFilter, ReadOnlyAdmin, SourceFilter
from telemetry.admin_parts.words import (
    NOTHING,
    ago,
    link_state,
    page_link,
    preview,
    said_time,
    shown_payload,
    state_badge,
)
from telemetry.ids import lowest_id, time_of
from telemetry.models import DeadLetter, Delivery, LedgerEntry, LinkStatus, Message, RuleCount, StoredReading

admin.site.site_header = "Patchbay"
admin.site.site_title = "Patchbay"
admin.site.index_title = "Configuration and history"
admin.site.site_url = "/"
admin.site.empty_value_display = NOTHING
admin.site.enable_nav_sidebar = False  # lists with live state need the width


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    """Everything that arrived."""

    list_display = ("received", "source", "topic", "device", "text", "notes")
    list_display_links = ("received",)
    list_filter = (AgeFilter, SourceFilter)
    search_fields = ("=device", "=topic", "=id")
    search_help_text = "A whole device name, MQTT topic or message id"
    fields = (
        "received", "source", "topic", "topic_name", "device", "device_time", "whole_payload", "decoded_text",
        "readings", "deliveries", "qos", "is_retained", "duplicate_of", "fault", "id",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        return super().get_queryset(request).defer("decoded")

    @admin.display(description="Received", ordering="id")
    def received(self, row: Message) -> str:
        """To the millisecond."""
        return said_time(row.received_at)

    @admin.display(description="Payload")
    def text(self, row: Message) -> SafeString | str:
        """One line of it."""
        return preview(row.payload) if row.kind == Message.Kind.MESSAGE else "(the port was opened again)"

    @admin.display(description="Notes")
    def notes(self, row: Message) -> SafeString | str:
        """What is unusual about it."""
        if row.fault:
            return state_badge("dead", row.fault)
        if row.duplicate_of:
            return "sent twice by the broker"
        return "retained" if row.is_retained else ""

    @admin.display(description="Payload")
    def whole_payload(self, row: Message) -> SafeString:
        """As text or hexadecimal."""
        return shown_payload(row.payload)

    @admin.display(description="Decoded")
    def decoded_text(self, row: Message) -> SafeString | str:
        """The copy for search, if there is one."""
        if row.decoded is None:
            return NOTHING
        return format_html('<pre class="payload">{}</pre>', json.dumps(row.decoded, indent=2, ensure_ascii=False))

    @admin.display(description="Readings")
    def readings(self, row: Message) -> SafeString | str:
        """The numbers taken out of it."""
        made_by = lowest_id(time_of(row.pk) + timedelta(minutes=1))
        found = StoredReading.objects.filter(id__gte=row.pk, id__lt=made_by, message_id=row.pk).order_by("id")[:100]
        lines = format_html_join("", "<li>{} = {} {}</li>", ((one.metric, f"{one.value:g}", one.unit) for one in found))
        return format_html("<ul>{}</ul>", lines) if lines else NOTHING

    @admin.display(description="Deliveries")
    def deliveries(self, row: Message) -> SafeString | str:
        """What rules made of it."""
        found = Delivery.objects.filter(message_id=row.pk).order_by("id")[:100]
        lines = format_html_join(
            "",
            "<li>{} {}</li>",
            (
                (
                    page_link("telemetry_delivery", one.pk, one),
                    state_badge(one.state, one.get_state_display(), one.reason),
                )
                for one in found
            ),
        )
        return format_html("<ul>{}</ul>", lines) if lines else NOTHING


@admin.register(StoredReading)
class StoredReadingAdmin(ReadOnlyAdmin):
    """The numbers."""

    list_display = ("at", "device", "metric", "value", "unit", "from_message")
    list_filter = (AgeFilter,)
    search_fields = ("=device",)
    search_help_text = "A whole device name"
    fields = ("at", "device", "metric", "value", "unit", "from_message")

    @admin.display(description="Time", ordering="id")
    def at(self, row: StoredReading) -> str:
        """The device's own time if it is plausible."""
        return said_time(row.time)

    @admin.display(description="Message")
    def from_message(self, row: StoredReading) -> SafeString:
        """What it was taken out of."""
        return page_link("telemetry_message", row.message_id, "message")


class OpenFilter(admin.SimpleListFilter):
    """Those that still want a person; all of them only on request."""

    title = "done"
    parameter_name = "done"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "Open"), ("resolved", "Resolved")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(resolved_at__isnull=self.value() == "open") if self.value() else queryset


@admin.register(DeadLetter)
class DeadLetterAdmin(ReadOnlyAdmin):
    """Messages that could not be processed."""

    list_display = ("created", "source", "topic", "stage", "rule", "reason", "text", "resolved")
    list_display_links = ("created",)
    list_filter = (OpenFilter, AgeFilter, SourceFilter, "stage")
    actions = ("mark_resolved",)
    fields = (
        "created", "source", "topic", "stage", "rule", "rule_version", "reason", "whole_payload", "from_message",
        "resolved_at", "id",
    )  # fmt: skip

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        """Whoever may change dead letters by Django's permissions."""
        return request.user.has_perm("telemetry.change_deadletter")

    @admin.action(description="Mark resolved", permissions=["resolve"])
    def mark_resolved(self, request: HttpRequest, queryset: QuerySet[DeadLetter]) -> None:
        """Take them off the list of what wants a person; they stay stored."""
        count = queryset.filter(resolved_at=None).update(resolved_at=timezone.now())
        messages.success(request, f"Marked resolved: {count}.")

    @admin.display(description="Time", ordering="id")
    def created(self, row: DeadLetter) -> str:
        """To the millisecond."""
        return said_time(row.created_at)

    @admin.display(description="Payload")
    def text(self, row: DeadLetter) -> SafeString | str:
        """One line of it."""
        return preview(row.payload)

    @admin.display(description="Payload")
    def whole_payload(self, row: DeadLetter) -> SafeString:
        """As text or hexadecimal."""
        return shown_payload(row.payload)

    @admin.display(description="Resolved", boolean=True)
    def resolved(self, row: DeadLetter) -> bool:
        """Whether a person has looked after it."""
        return row.resolved_at is not None

    @admin.display(description="Message")
    def from_message(self, row: DeadLetter) -> SafeString | str:
        """The stored message, if it could be stored."""
        if row.message_id is None:
            return NOTHING
        return page_link("telemetry_message", row.message_id, "message")


@admin.register(LinkStatus)
class LinkStatusAdmin(ReadOnlyAdmin):
    """Where each link stands."""

    list_display = ("key", "said_state", "detail", "warning", "since_ago", "last_message", "last_error", "worker")
    fields = (
        "key", "said_state", "detail", "warning", "since", "connected_since", "last_message_at", "last_error",
        "last_error_at", "worker",
    )  # fmt: skip

    @admin.display(description="State", ordering="state")
    def said_state(self, row: LinkStatus) -> SafeString:
        """In words."""
        return link_state(row, is_enabled=True)

    @admin.display(description="Since", ordering="since")
    def since_ago(self, row: LinkStatus) -> SafeString | str:
        """When the state last changed."""
        return ago(row.since)

    @admin.display(description="Last message", ordering="last_message_at")
    def last_message(self, row: LinkStatus) -> SafeString | str:
        """When it last sent something."""
        return ago(row.last_message_at)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    """The counters that must balance."""

    list_display = (
        "at", "link", "incoming", "outgoing", "received", "stored", "passed", "duplicate", "dead", "dropped", "created",
        "delivered", "refused", "expired", "unknown",
    )  # fmt: skip
    list_display_links = None
    list_filter = (
        type("LedgerLinkFilter", (LinkFilter,), {"title": "link", "column": "link", "parameter_name": "link"}),
    )

    @admin.display(description="Hour (UTC)", ordering="hour")
    def at(self, row: LedgerEntry) -> str:
        """The hour that begins then."""
        return f"{row.hour:%Y-%m-%d %H:%M}"

    @admin.display(description="In")
    def incoming(self, row: LedgerEntry) -> SafeString:
        """Whether every arrival is accounted for; those of this moment may still be on their way."""
        missing = row.received - row.stored - row.passed - row.duplicate - row.dead - row.dropped
        return state_badge("wrong", f"{missing} open") if missing else state_badge("ok", "balanced")

    @admin.display(description="Out")
    def outgoing(self, row: LedgerEntry) -> SafeString:
        """What is neither delivered nor given up still waits."""
        waiting = row.created - row.delivered - row.refused - row.expired - row.unknown
        return state_badge("waiting", f"{waiting} waiting") if waiting else state_badge("ok", "balanced")


@admin.register(RuleCount)
class RuleCountAdmin(ReadOnlyAdmin):
    """What rules made of messages."""

    list_display = ("rule", "matched", "unmatched", "missing", "failed", "looped", "last_error", "last_error_ago")
    fields = ("rule", "matched", "unmatched", "missing", "failed", "looped", "last_error", "last_error_at")

    @admin.display(description="When", ordering="last_error_at")
    def last_error_ago(self, row: RuleCount) -> SafeString | str:
        """How long ago."""
        return ago(row.last_error_at)
