"""The admin pages of alerts: the rules, and what they found. The addresses to notify are never shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from bridges.notices import check_targets
from telemetry.admin_parts.configured import Fieldsets, OptionsAdmin
from telemetry.admin_parts.history import ReadOnlyAdmin
from telemetry.admin_parts.option_forms import ChooserSelect, OptionsForm, chooser_choices
from telemetry.admin_parts.words import NOTHING, ago, state_badge
from telemetry.alerts.evaluation import acknowledge
from telemetry.alerts.registry import ALERT_KINDS
from telemetry.models import Alert, AlertRule

_COLOURS = {"open": "dead", "acknowledged": "waiting", "cleared": "ok"}


class AlertRuleForm(OptionsForm):
    """An alert rule, with its kind's options as fields."""

    chooser = "kind"
    column = "options"
    kinds = ALERT_KINDS

    kind = forms.ChoiceField(
        choices=chooser_choices(ALERT_KINDS), initial="link-down", widget=ChooserSelect, help_text="What is watched."
    )
    notify = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
        required=False,
        help_text="Whom to tell: one Apprise address a line, such as mailto://user:password@example.org. "
        "Empty: it is only shown.",
    )
    clear_notify = forms.BooleanField(label="Remove the stored addresses", required=False)

    class Meta:
        model = AlertRule
        exclude = ("edited_on_web", "notify_reference", "options")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored_notify = self.instance.notify
        self.initial["notify"] = ""
        if self.stored_notify and "notify" in self.fields:
            count = len(self.instance.targets)
            self.fields["notify"].help_text = f"{count} stored. Leave this empty to keep what is stored."

    def clean_notify(self) -> str:
        """Empty keeps the stored ones; new ones must be addresses that can be told."""
        typed = str(self.cleaned_data["notify"]).strip()
        if fault := check_targets([line.strip() for line in typed.splitlines() if line.strip()]):
            raise forms.ValidationError(fault)
        return typed or self.stored_notify

    def clean(self) -> dict[str, Any]:
        """Take away what a tick says."""
        cleaned = super().clean() or {}
        if cleaned.get("clear_notify"):
            cleaned["notify"] = self.instance.notify = ""
        if cleaned.get("notify") != self.stored_notify:
            self.instance.notify_reference = ""
        return cleaned


@admin.register(AlertRule)
class AlertRuleAdmin(OptionsAdmin):
    """What is watched, and whom it is told."""

    form = AlertRuleForm
    list_display = ("name", "label", "kind", "severity", "is_enabled", "standing", "told")
    list_filter = ("is_enabled", "kind", "severity")
    search_fields = ("name", "label")
    search_help_text = "Name or label"

    def kind_fieldsets(self, request: HttpRequest, obj: Any) -> Fieldsets:
        """A tick to remove addresses only where there are some."""
        tick = ["clear_notify"] if obj is not None and obj.notify else []
        may_edit = obj is None or self.has_change_permission(request, obj)
        return [
            (None, {"fields": ["name", "label", "is_enabled", "kind", "severity"]}),
            *([("Whom to tell", {"fields": ["notify", *tick]})] if may_edit else []),
        ]

    @admin.display(description="Standing alerts")
    def standing(self, row: AlertRule) -> int:
        """How many are open or acknowledged."""
        return Alert.objects.filter(rule=row.name, state__in=["open", "acknowledged"]).count()

    @admin.display(description="Tells")
    def told(self, row: AlertRule) -> str:
        """How many addresses, never which."""
        return f"{len(row.targets)} addresses" if row.targets else "nobody"


class StandingFilter(admin.SimpleListFilter):
    """Those that stand, unless somebody asks for all."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "Open"), ("acknowledged", "Acknowledged"), ("cleared", "Cleared")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(state=self.value()) if self.value() else queryset


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    """What the rules found."""

    list_display = ("said_state", "severity", "detail", "rule", "subject", "opened", "acknowledged_by", "cleared")
    list_display_links = ("detail",)
    list_filter = (StandingFilter, "severity")
    search_fields = ("=rule", "=subject")
    search_help_text = "A whole rule or subject"
    actions = ("acknowledge",)
    fields = (
        "said_state", "severity", "detail", "rule", "subject", "bad_since", "opened_at", "acknowledged_by",
        "acknowledged_at", "cleared_at", "notice_fault",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        """Not those that nobody was told of yet."""
        return super().get_queryset(request).exclude(state=Alert.State.PENDING)

    def has_acknowledge_permission(self, request: HttpRequest) -> bool:
        """Whoever may change alerts by Django's permissions."""
        return request.user.has_perm("telemetry.change_alert")

    @admin.action(description="Acknowledge", permissions=["acknowledge"])
    def acknowledge(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        """Say that somebody looks after them."""
        now, by = datetime.now(UTC), request.user.get_username()
        count = sum(acknowledge(alert, by=by, now=now) for alert in queryset)
        messages.success(request, f"Acknowledged: {count}.")

    @admin.display(description="State", ordering="state")
    def said_state(self, row: Alert) -> SafeString:
        """In words, with a colour."""
        return state_badge(_COLOURS.get(row.state, ""), row.get_state_display(), row.notice_fault)

    @admin.display(description="Opened", ordering="opened_at")
    def opened(self, row: Alert) -> SafeString | str:
        """How long ago."""
        return ago(row.opened_at)

    @admin.display(description="Cleared", ordering="cleared_at")
    def cleared(self, row: Alert) -> SafeString | str:
        """How long ago."""
        return ago(row.cleared_at) if row.cleared_at else NOTHING
