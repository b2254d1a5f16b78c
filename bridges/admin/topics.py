"""The admin pages of topics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.forms.models import model_to_dict
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from bridges.codecs.registry import CODECS
from bridges.models import Topic
from telemetry.admin_parts.configured import Fieldsets, OptionsAdmin, copied_label, free_name
from telemetry.admin_parts.live_state import LiveChangeList, statuses
from telemetry.admin_parts.option_forms import PREFIX, ChooserSelect, OptionsForm, chooser_choices
from telemetry.admin_parts.words import NOTHING, link_state, page_link, two_lines

_IN = ["is_stored", "is_searchable", "no_local"]
_OUT = ["retain", "expiry_s", "allow_slash"]


class DirectionSelect(forms.Select):
    """In or out; a script hides what the other direction needs."""

    class Media:
        js = ("bridges/topic_direction.js",)


class TopicForm(OptionsForm):
    """A topic, with its codec's options as fields."""

    chooser = "codec"
    column = "codec_options"
    kinds = CODECS

    codec = forms.ChoiceField(
        choices=chooser_choices(CODECS),
        initial="json",
        widget=ChooserSelect,
        help_text="In: how the payload is read. Out: not used; leave it as it is.",
    )

    class Meta:
        model = Topic
        exclude = ("edited_on_web", "codec_options")
        labels = {"qos": "QoS", "no_local": "Ignore what the hub itself publishes", "is_stored": "Store its messages"}
        widgets = {"filter": forms.TextInput(attrs={"size": 60}), "direction": DirectionSelect}


@admin.register(Topic)
class TopicAdmin(OptionsAdmin):
    """Topics, with the state of their broker and the rules that use them."""

    form = TopicForm
    list_display = ("named", "state", "short_direction", "broker", "filter", "codec", "device", "used_by")
    list_filter = ("is_enabled", "direction", "broker", "codec")
    list_select_related = ("broker", "device")
    search_fields = ("name", "label", "filter")
    search_help_text = "Name, label or MQTT topic"
    actions = ("enable", "disable", "duplicate")

    def kind_fieldsets(self, request: HttpRequest, obj: Any) -> Fieldsets:
        """What both directions need, then what only one does."""
        return [
            (
                None,
                {"fields": ["name", "label", "is_enabled", "broker", "direction", "filter", "qos", "device", "codec"]},
            ),
            ("Advanced: direction in", {"fields": _IN, "classes": ["collapse"]}),
            ("Advanced: direction out", {"fields": _OUT, "classes": ["collapse"]}),
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LiveChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Topic]:
        return super().get_queryset(request).prefetch_related("rule_sources__rule", "rule_actions__rule")

    def add_live_state(self, rows: Sequence[Any]) -> None:
        """One query for the brokers' states."""
        found = statuses(row.link_key for row in rows)
        for row in rows:
            row.live_status = found.get(row.link_key)

    @admin.display(description="Name", ordering="name")
    def named(self, row: Topic) -> SafeString:
        """The name, and the label below it."""
        return two_lines(row.name, row.label)

    @admin.display(description="Direction", ordering="direction")
    def short_direction(self, row: Topic) -> str:
        """And the QoS, and that its messages are not kept."""
        return f"{row.direction}, QoS {row.qos}{'' if row.is_stored else ', not stored'}"

    @admin.display(description="Broker's state")
    def state(self, row: Any) -> SafeString:
        """A topic lives as its broker does."""
        return link_state(row.live_status, is_enabled=row.is_enabled and row.broker.is_enabled)

    @admin.display(description="Used by")
    def used_by(self, row: Topic) -> SafeString | str:
        """The rules that take it as a source or publish to it."""
        parts: list[Any] = [*row.rule_sources.all(), *row.rule_actions.all()]
        rules = {part.rule.pk: part.rule for part in parts}.values()
        return format_html_join(", ", "{}", ((page_link("bridges_rule", rule.pk, rule),) for rule in rules)) or NOTHING

    @admin.action(description="Duplicate (opens the copy before it is saved)", permissions=["add"])
    def duplicate(self, request: HttpRequest, queryset: QuerySet[Topic]) -> HttpResponseRedirect | None:
        """A filter is subscribed to once, so the copy is shown first."""
        row = queryset.first()
        if row is None or queryset.count() > 1:
            messages.error(request, "Choose one topic to duplicate.")
            return None
        values = model_to_dict(row, exclude=["id", "codec_options", "edited_on_web"]) | {
            "name": free_name(row, row.name)
        }
        values["label"] = copied_label(row.label)
        values |= {PREFIX + name: value for name, value in row.codec_options.items()}
        query = {name: "" if value in (False, None) else str(value) for name, value in values.items()}
        return HttpResponseRedirect(reverse("admin:bridges_topic_add", query=query))
