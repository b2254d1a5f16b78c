"""The admin pages of deliveries: the outbox and what became of it. They are sent again here, never changed."""

from __future__ import annotations

from typing import Any

import orjson
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from bridges.requested_deliveries import DeliveryNotRedrivable, redrive
from telemetry.admin_parts.history import AgeFilter, ReadOnlyAdmin, TargetFilter
from telemetry.admin_parts.words import NOTHING, ago, page_link, preview, said_time, shown_payload, state_badge
from telemetry.models import Delivery


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """Everything on its way out, or that was."""

    list_display = ("created", "said_state", "target", "address", "text", "rule", "reason", "done")
    list_display_links = ("created",)
    list_filter = ("state", TargetFilter, AgeFilter, "kind")
    actions = ("send_again",)
    fields = (
        "created", "said_state", "reason", "shown_result", "kind", "target", "topic_name", "address", "whole_payload",
        "qos", "is_retained", "properties", "rule", "rule_version", "source", "from_message", "disconnects",
        "expires", "done_time", "id",
    )  # fmt: skip

    def has_redrive_permission(self, request: HttpRequest) -> bool:
        """Whoever may change deliveries by Django's permissions."""
        return request.user.has_perm("telemetry.change_delivery")

    @admin.action(description="Send again", permissions=["redrive"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Put dead, expired and unknown ones back into the outbox, oldest first."""
        sent, refused = 0, []
        for row in queryset.order_by("id"):
            try:
                redrive(row.pk)
                sent += 1
            except DeliveryNotRedrivable as fault:
                refused.append(f"{row}: {fault}")
        if sent:
            messages.success(request, f"Put back into the outbox: {sent}.")
        for text in refused[:10]:
            messages.error(request, f"{text}.")
        if len(refused) > 10:
            messages.error(request, f"And {len(refused) - 10} more could not be sent again.")

    @admin.display(description="Created", ordering="id")
    def created(self, row: Delivery) -> str:
        """To the millisecond."""
        return said_time(row.created_at)

    @admin.display(description="State", ordering="state")
    def said_state(self, row: Delivery) -> SafeString:
        """In words."""
        return state_badge(row.state, row.get_state_display(), row.reason)

    @admin.display(description="Payload")
    def text(self, row: Delivery) -> SafeString | str:
        """One line of it."""
        return preview(row.payload)

    @admin.display(description="Payload")
    def whole_payload(self, row: Delivery) -> SafeString:
        """As text or hexadecimal."""
        return shown_payload(row.payload)

    @admin.display(description="Result")
    def shown_result(self, row: Delivery) -> SafeString | str:
        """What a script or webhook answered."""
        return shown_payload(orjson.dumps(row.result, option=orjson.OPT_INDENT_2)) if row.result else NOTHING

    @admin.display(description="Done")
    def done(self, row: Delivery) -> SafeString | str:
        """When its fate was settled."""
        return ago(row.done_at)

    @admin.display(description="Expires")
    def expires(self, row: Delivery) -> str:
        """To the millisecond, as all times of the page."""
        return said_time(row.expires_at)

    @admin.display(description="Done at")
    def done_time(self, row: Delivery) -> str:
        """When its fate was settled, to the millisecond."""
        return said_time(row.done_at)

    @admin.display(description="Message")
    def from_message(self, row: Delivery) -> Any:
        """What it was made of."""
        return page_link("telemetry_message", row.message_id, "message") if row.message_id else NOTHING
