"""The admin pages of rules, with their sources and actions inside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bridges.actions.registry import ACTIONS
from bridges.admin.actions import options_inlines
from bridges.admin.source_list import SourceFormSet
from bridges.models import Rule, RuleAction, RuleSource, Topic
from bridges.pipeline.snapshot import BATCH_PREFIX, task_target
from devices.rights import REFUSAL, may_print_raw
from telemetry.admin_parts.configured import ConfiguredAdmin, free_name
from telemetry.admin_parts.live_state import LiveChangeList, waiting_counts
from telemetry.admin_parts.option_forms import MendableForm
from telemetry.admin_parts.typed import TabularInline
from telemetry.admin_parts.words import NOTHING, ago
from telemetry.models import RuleCount

_VARIABLES = (
    "Expressions know: payload (what was decoded), readings (numbers by name, such as readings.temperature), device, "
    "topic, source and time. A rule that works every N seconds also knows batch: batch.count, batch.from, batch.to, "
    "batch.metrics.temperature.mean (min, max, sum, count, first, last)."
)


class RuleForm(MendableForm):
    """A rule's expressions."""

    class Meta:
        model = Rule
        exclude = ("edited_on_web", "version")
        widgets = {
            "condition": forms.Textarea(attrs={"rows": 2, "cols": 90, "class": "expression"}),
            "transform": forms.Textarea(attrs={"rows": 6, "cols": 90, "class": "expression"}),
            "sample": forms.Textarea(attrs={"rows": 3, "cols": 90, "class": "expression"}),
        }


class SourceForm(MendableForm):
    """One source; exactly one of the three."""

    class Meta:
        model = RuleSource
        fields = ("topic", "device", "packets")


class ActionForm(MendableForm):
    """One action; which kind it is follows from what is filled in."""

    class Meta:
        model = RuleAction
        fields = ("topic", "device", "ticket", "is_raw", "position")
        labels = {
            "topic": "Publish to topic",
            "device": "Write to device",
            "ticket": "as ticket",
            "is_raw": "as raw bytes",
            "position": "Order",
        }

    may_print_raw = False
    """Whether the one who fills it in may let messages send raw bytes to a printer."""

    def clean(self) -> dict[str, Any]:
        """A device means a write."""
        cleaned = super().clean() or {}
        if cleaned.get("is_raw") and "is_raw" in self.changed_data and not self.may_print_raw:
            self.add_error("is_raw", REFUSAL)
        is_write = cleaned.get("device") is not None and cleaned.get("topic") is None
        self.instance.kind = RuleAction.Kind.WRITE if is_write else RuleAction.Kind.PUBLISH
        return cleaned


class SourceInline(TabularInline):
    """Where the messages come from."""

    model = RuleSource
    form = SourceForm
    formset = SourceFormSet
    extra = 1
    verbose_name_plural = "Sources - each line is one topic, one device, or packets"

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only topics that the hub subscribes to."""
        if db_field.name == "topic":
            kwargs["queryset"] = Topic.objects.filter(direction=Topic.Direction.IN)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ActionInline(TabularInline):
    """What is done."""

    model = RuleAction
    form = ActionForm
    extra = 1
    verbose_name_plural = "Actions - each line publishes to one topic or writes to one device"

    def get_queryset(self, request: HttpRequest) -> QuerySet[RuleAction]:
        """The kinds with options have lists of their own."""
        return super().get_queryset(request).exclude(kind__in=ACTIONS)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Only topics to publish to, and devices that can be written to."""
        if db_field.name == "topic":
            kwargs["queryset"] = Topic.objects.filter(direction=Topic.Direction.OUT)
        if db_field.name == "device":
            kwargs["queryset"] = db_field.related_model.objects.exclude(driver="")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """A new action comes last."""
        formset = super().get_formset(request, obj, **kwargs)
        form: Any = formset.form
        form.may_print_raw = may_print_raw(request)
        last = obj.actions.aggregate(last=Max("position"))["last"] if obj else None
        formset.form.base_fields["position"].initial = 0 if last is None else last + 1
        return formset


@admin.register(Rule)
class RuleAdmin(ConfiguredAdmin):
    """Rules, with what they made of messages."""

    form = RuleForm
    inlines = (SourceInline, ActionInline, *options_inlines())
    list_display = (
        "name",
        "is_enabled",
        "from_what",
        "short_condition",
        "to_what",
        "waiting",
        "matched",
        "failed",
        "last_problem",
    )
    list_filter = ("is_enabled", "sources__topic__broker")
    search_fields = ("name", "condition", "transform")
    search_help_text = "Name or part of an expression"
    actions = ("enable", "disable", "duplicate")
    fieldsets = (
        (None, {"fields": ["name", "is_enabled"]}),
        ("Condition and transform", {"fields": ["condition", "transform", "every_s"], "description": _VARIABLES}),
        (
            "Try it when saving",
            {
                "fields": ["sample"],
                "description": "Saving tries the expressions on this payload and shows faults at their fields.",
            },
        ),
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LiveChangeList

    def _create_formsets(self, request: HttpRequest, obj: Any, change: bool) -> Any:
        """Let the sources see the actions: some do not go together."""
        formsets, inlines = super()._create_formsets(request, obj, change)  # type: ignore[misc]
        for formset in formsets:
            if isinstance(formset, SourceFormSet):
                formset.siblings = [other for other in formsets if other is not formset]
        return formsets, inlines

    def get_queryset(self, request: HttpRequest) -> QuerySet[Rule]:
        parts = ("sources__topic", "sources__device", "actions__topic", "actions__device")
        return super().get_queryset(request).prefetch_related(*parts)

    def add_live_state(self, rows: Sequence[Any]) -> None:
        """One query for the counts of the page."""
        counts = RuleCount.objects.in_bulk([row.name for row in rows])
        waiting = _waiting(rows)
        for row in rows:
            row.live_count = counts.get(row.name) or RuleCount(rule=row.name)
            row.live_waiting = waiting[row.name]

    @admin.display(description="From")
    def from_what(self, row: Rule) -> str:
        """Its sources."""
        return ", ".join(map(str, row.sources.all())) or NOTHING

    @admin.display(description="To")
    def to_what(self, row: Rule) -> str:
        """Its actions."""
        return ", ".join(map(str, row.actions.all())) or NOTHING

    @admin.display(description="Waiting")
    def waiting(self, row: Any) -> str:
        """How much of it waits: messages for their batch, deliveries for its scripts, webhooks and notifications."""
        return f"{row.live_waiting:,}" if row.live_waiting else NOTHING

    @admin.display(description="Condition")
    def short_condition(self, row: Rule) -> SafeString | str:
        """The start of it."""
        return format_html("<code>{}</code>", row.condition[:80]) if row.condition else "every message"

    @admin.display(description="Matched")
    def matched(self, row: Any) -> str:
        """Of how many messages."""
        count = row.live_count
        return f"{count.matched:,} of {count.matched + count.unmatched + count.missing + count.failed:,}"

    @admin.display(description="Failed")
    def failed(self, row: Any) -> str:
        """How many messages became dead letters by it."""
        return f"{row.live_count.failed:,}"

    @admin.display(description="Last problem")
    def last_problem(self, row: Any) -> SafeString | str:
        """And how long ago it was."""
        count = row.live_count
        return format_html("{} ({})", count.last_error, ago(count.last_error_at)) if count.last_error else NOTHING

    @admin.action(description="Duplicate (disabled)", permissions=["add"])
    def duplicate(self, request: HttpRequest, queryset: QuerySet[Rule]) -> HttpResponseRedirect | None:
        """A copy with its sources and actions."""
        copies = [_copied(row) for row in queryset]
        messages.success(request, f"Copied as {', '.join(copy.name for copy in copies)}, disabled.")
        if len(copies) == 1:
            return HttpResponseRedirect(reverse("admin:bridges_rule_change", args=[copies[0].pk]))
        return None


def _waiting(rows: Sequence[Rule]) -> Counter[str]:
    """By rule, in one query for the page."""
    targets = {f"{BATCH_PREFIX}{row.name}": row.name for row in rows}
    for row in rows:
        counts: Counter[str] = Counter()
        for action in row.actions.all():
            counts[action.kind] += 1
            targets[task_target(action.kind, row.name, counts[action.kind])] = row.name
    found: Counter[str] = Counter()
    for target, number in waiting_counts(targets).items():
        found[targets[target]] += number
    return found


def _copied(row: Rule) -> Rule:
    copy = Rule(
        name=free_name(row, row.name),
        is_enabled=False,
        condition=row.condition,
        transform=row.transform,
        every_s=row.every_s,
        sample=row.sample,
        edited_on_web=True,
    )
    copy.save()
    parts: list[Any] = [*row.sources.all(), *row.actions.all()]
    for part in parts:
        part.pk, part._state.adding, part.rule = None, True, copy
        part.save()
    return copy
