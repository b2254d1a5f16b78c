"""The admin pages of devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Max, Q, QuerySet
from django.forms.models import model_to_dict
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.safestring import SafeString

from devices.drivers.registry import DRIVERS
from devices.identification_page import identify_page
from devices.models import Device
from devices.port_list import PortInput
from devices.rights import REFUSAL, becomes_raw, may_print_raw
from devices.seen_admin import SeenDeviceAdmin
from devices.serial.ports import open_port
from devices.ticket_admin import TicketAdmin
from telemetry.admin_parts.configured import LIMIT_FIELDS, Fieldsets, OptionsAdmin, copied_label, free_name
from telemetry.admin_parts.live_state import LinkStateColumns, statuses
from telemetry.admin_parts.option_forms import PREFIX, ChooserSelect, OptionsForm, chooser_choices
from telemetry.admin_parts.words import NOTHING, ago
from telemetry.links import LinkLost, LinkRefused
from telemetry.models import LatestReading, LinkStatus
from telemetry.names import sentence

__all__ = ["DeviceAdmin", "SeenDeviceAdmin", "TicketAdmin"]

_LIVE = ("state", "last_heard", "last_error", "waiting")
_SERIAL = ["port", "baud", "site"]
_LINE = ["data_bits", "parity", "stop_bits", "flow_control", "write_timeout_s", "write_expiry_s"]


class DeviceForm(OptionsForm):
    """A device, with its driver's options as fields."""

    chooser = "driver"
    column = "options"
    kinds = DRIVERS

    driver = forms.ChoiceField(
        choices=chooser_choices(DRIVERS, "None - the device is behind an MQTT topic"),
        required=False,
        widget=ChooserSelect,
        help_text="What speaks to the device on its serial port.",
    )

    class Meta:
        model = Device
        exclude = ("edited_on_web", "options")
        widgets = {"port": PortInput}

    may_print_raw = False
    """Whether the one who fills it in may let messages send raw bytes to a printer."""

    def clean(self) -> dict[str, Any]:
        """Raw bytes to a printer are a right of their own."""
        cleaned = super().clean()
        self.instance.driver = cleaned.get("driver", "")
        if not self.may_print_raw and becomes_raw(self.instance):
            self.add_error(f"{PREFIX}mode" if f"{PREFIX}mode" in self.fields else "driver", REFUSAL)
        return cleaned


class LinkKindFilter(admin.SimpleListFilter):
    """Serial devices, or those behind a topic."""

    title = "connection"
    parameter_name = "connection"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("serial", "Serial port"), ("topic", "Behind a topic")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        is_behind = Q(driver="")
        return queryset.filter(is_behind if self.value() == "topic" else ~is_behind) if self.value() else queryset


@admin.register(Device)
class DeviceAdmin(LinkStateColumns, OptionsAdmin):
    """Devices, with the state of their serial links."""

    form = DeviceForm
    list_display = (
        "named", "state", "last_heard", "waiting", "last_error", "driver", "port",
    )  # fmt: skip
    list_filter = ("is_enabled", LinkKindFilter, "driver", "site")
    search_fields = ("name", "label", "port")
    search_help_text = "Name, label or port"
    actions = ("enable", "disable", "duplicate", "test_connection")

    def get_urls(self) -> list[Any]:
        """With the page that tells what a device is, and the way from a device's name to its page."""
        identify = self.admin_site.admin_view(lambda request: identify_page(request, self))
        named = self.admin_site.admin_view(self._to_named)
        return [
            path("identify/", identify, name="devices_device_identify"),
            path("named/<str:name>/", named, name="devices_device_named"),
            *super().get_urls(),
        ]

    def _to_named(self, request: HttpRequest, name: str) -> HttpResponseRedirect:
        row = get_object_or_404(Device, name=name)
        return HttpResponseRedirect(reverse("admin:devices_device_change", args=[row.pk]))

    def kind_fieldsets(self, request: HttpRequest, obj: Any) -> Fieldsets:
        """Serial settings, and those that hardly anybody changes folded away."""
        live = [("Now", {"fields": [*_LIVE]})] if obj else []
        return [
            (None, {"fields": ["name", "label", "is_enabled", "driver", *_SERIAL]}),
            *live,
            ("Advanced: the serial line", {"fields": _LINE, "classes": ["collapse"]}),
            ("Advanced: how much may go out", {"fields": LIMIT_FIELDS, "classes": ["collapse"]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        live = _LIVE if obj else ()
        return (*super().get_readonly_fields(request, obj), *live)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> type[DeviceForm]:
        """The form knows what the one who fills it in may do."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.may_print_raw = may_print_raw(request)
        found: type[DeviceForm] = form
        return found

    def add_live_state(self, rows: Sequence[Device]) -> None:
        """As for all links, and when each device was last heard of, whichever way: one query more."""
        super().add_live_state(rows)
        heard = _last_readings([row.name for row in rows])
        for row in rows:
            row.live_heard = heard.get(row.name)  # type: ignore[attr-defined]

    @admin.display(description="Last message")
    def last_heard(self, row: Any) -> SafeString | str:
        """From its port, or from a topic that speaks of it."""
        if not hasattr(row, "live_heard"):
            self.add_live_state([row])
        times = [row.live_heard, row.live_status and row.live_status.last_message_at]
        return ago(max((at for at in times if at), default=None)) if any(times) else NOTHING

    @admin.action(description="Duplicate (opens the copy before it is saved)", permissions=["add"])
    def duplicate(self, request: HttpRequest, queryset: QuerySet[Device]) -> HttpResponseRedirect | None:
        """A port serves one device, so the copy is shown first, without it."""
        row = queryset.first()
        if row is None or queryset.count() > 1:
            messages.error(request, "Choose one device to duplicate.")
            return None
        values = model_to_dict(row, exclude=["id", "port", "options", "edited_on_web"]) | {
            "name": free_name(row, row.name)
        }
        values["label"] = copied_label(row.label)
        values |= {PREFIX + name: value for name, value in row.options.items()}
        query = {name: "" if value in (False, None) else str(value) for name, value in values.items()}
        return HttpResponseRedirect(reverse("admin:devices_device_add", query=query))

    @admin.action(description="Test connection", permissions=["view"])
    def test_connection(self, request: HttpRequest, queryset: QuerySet[Device]) -> None:
        """Say how each stands; a port that no worker holds is opened for a moment."""
        found = statuses(row.link_key for row in queryset)
        for row in queryset:
            is_good, words = try_device(row, found.get(row.link_key))
            (messages.success if is_good else messages.error)(request, f"{row}: {words}")


def try_device(device: Device, status: LinkStatus | None) -> tuple[bool, str]:
    """Whether the device can be reached, and how we know."""
    if not device.driver:
        return True, "it is behind a topic; test its broker."
    if status is not None and device.is_enabled and status.state == LinkStatus.State.CONNECTED:
        return True, "connected."
    if device.site != settings.PATCHBAY_SITE:
        return False, f"its port is at the site {device.site}, which this page cannot reach. {_said(status)}"
    try:
        open_port(device.serial_settings()).close()
    except (LinkLost, LinkRefused) as fault:
        return False, sentence(fault)
    return True, "the port can be opened."


def _said(status: LinkStatus | None) -> str:
    if status is None:
        return "No worker there has taken it yet."
    return f"The worker says: {status.get_state_display()}. {status.detail}".strip()


def _last_readings(names: Sequence[str]) -> dict[str, Any]:
    found = LatestReading.objects.filter(device__in=names)
    return dict(found.values_list("device").annotate(Max("time")).order_by())
