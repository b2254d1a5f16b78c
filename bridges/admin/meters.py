"""The admin pages of meters: what is wanted beside what is reported, their counters, and the monthly report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from bridges.api.meters import RELAY_PERMISSION, report_response
from bridges.meters.decision import Interval
from bridges.meters.protocol import REPLY_TOPICS, CommandKind
from bridges.meters.report import month_named, months_with_data
from bridges.meters.standing import COMMAND_WORDS, POWER, clock_words, latest_of, pending_shape, relay_word, talk_with
from bridges.meters.store import unheard
from bridges.models import Meter, MeterDefaults, MeterRequest
from telemetry.admin_parts.configured import ConfiguredAdmin
from telemetry.admin_parts.words import NOTHING, ago, state_badge, two_lines


class MeterChangeList(ChangeList):
    """A list whose rows know their newest counters, read at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        latest = latest_of(row.name for row in self.result_list)
        for row in self.result_list:
            row.latest = latest.get(row.name, {})


@admin.register(MeterDefaults)
class MeterDefaultsAdmin(ConfiguredAdmin):
    """What is wanted of all meters at one broker."""

    list_display = ("name", "broker", "desired_seconds_interval", "desired_minutes_interval", "keeps_clock", "zone")
    list_select_related = ("broker",)
    actions = ()
    fields = (
        "name", "broker", "zone", "desired_seconds_interval", "desired_minutes_interval", "keeps_clock",
        "clock_every_hours", "clock_tolerance_s",
    )  # fmt: skip


@admin.register(Meter)
class MeterAdmin(ConfiguredAdmin):
    """Meters, with what they report."""

    change_list_template = "bridges/meters.html"
    list_display = ("named", "seen", "intervals", "clock", "load", "talk")
    list_filter = ("is_enabled", "broker")
    list_select_related = ("broker", "state", "broker__meter_defaults")
    search_fields = ("name", "label", "context")
    actions = ("enable", "disable", "retry", "set_clock", "relay_on", "relay_off")
    fieldsets = (
        (None, {"fields": ["name", "label", "is_enabled", "broker", "context", "zone"]}),
        ("Wanted", {"fields": ["desired_seconds_interval", "desired_minutes_interval", "keeps_clock"]}),
        ("Reported", {"fields": ["seen", "seconds", "minutes", "clock", "relay", "talk", "counters"]}),
    )
    readonly_fields = ("seen", "seconds", "minutes", "clock", "relay", "talk", "counters")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return MeterChangeList

    def get_urls(self) -> list[URLPattern]:
        own = path("report/", self.admin_site.admin_view(self.report), name="bridges_meter_report")
        return [own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """With the months that have data."""
        return super().changelist_view(request, {"months": months_with_data(), **(extra_context or {})})

    def report(self, request: HttpRequest) -> HttpResponse:
        """The energy of a month as CSV."""
        try:
            month = month_named(request.GET.get("month", ""))
        except ValueError as fault:
            messages.error(request, f"{fault}.")
            return HttpResponseRedirect(reverse("admin:bridges_meter_changelist"))
        return report_response(month)

    # What is shown

    @admin.display(description="Meter", ordering="name")
    def named(self, row: Meter) -> SafeString:
        """The id, and what people call it."""
        return two_lines(row.name, row.label or row.context)

    @admin.display(description="Heard")
    def seen(self, row: Meter) -> SafeString | str:
        """When its last packet came."""
        return ago(talk_with(row).reported.seen_at)

    @admin.display(description="Seconds interval")
    def seconds(self, row: Meter) -> SafeString:
        """As reported, and what is wanted if that differs."""
        known = talk_with(row).reported.seconds
        return _interval(known, _desired(row).seconds, "s")

    @admin.display(description="Minutes interval")
    def minutes(self, row: Meter) -> SafeString:
        """The same."""
        known = talk_with(row).reported.minutes
        return _interval(known, _desired(row).minutes, "min")

    @admin.display(description="Intervals")
    def intervals(self, row: Meter) -> SafeString:
        """Both in one column: the list has to fit beside its filter."""
        return format_html("{}<div>{}</div>", self.seconds(row), self.minutes(row))

    @admin.display(description="Clock")
    def clock(self, row: Meter) -> SafeString | str:
        """How far it is off, and when it was set."""
        said, desired = talk_with(row).reported, _desired(row)
        if said.drift is None:
            return NOTHING
        is_wrong = abs(said.drift) > desired.clock_tolerance
        hover = f"{said.drift.total_seconds():+,.0f} s"
        badge = state_badge("lost" if is_wrong else "connected", clock_words(said.drift), hover)
        return two_lines(badge, format_html("set {}", ago(said.clock_set_at)) if said.clock_set_at else "")

    @admin.display(description="Relay")
    def relay(self, row: Meter) -> SafeString | str:
        """As it answered last."""
        said = talk_with(row).reported
        return two_lines(relay_word(said.relay), ago(said.relay_at)) if said.relay else NOTHING

    @admin.display(description="Commands")
    def talk(self, row: Meter) -> SafeString | str:
        """What waits for its reply, or failed."""
        lines = [
            (
                state_badge(
                    {"waiting": "connecting"}.get(said["state"], "lost"),
                    f"{COMMAND_WORDS[CommandKind(said['command'])]}: {said['reason'] or 'waiting for the reply'}",
                    f"last told at {said['sent_at']:%Y-%m-%d %H:%M:%S} UTC",
                ),
            )
            for said in pending_shape(row)
        ]
        return format_html_join(SafeString("<br>"), "{}", lines) or NOTHING

    @admin.display(description="Power, energy")
    def load(self, row: Any) -> SafeString:
        """As last told; export below import."""
        latest = _latest(row)
        said = [_reading(latest, metric) for metric in (POWER, "active_energy", "active_energy_export")]
        taken = [one for one in said[:2] if one != NOTHING] or [NOTHING]
        first = format_html_join(SafeString("<br>"), "{}", ((one,) for one in taken))
        return two_lines(first, "" if said[2] == NOTHING else f"export {said[2]}")

    @admin.display(description="Counters")
    def counters(self, row: Any) -> SafeString | str:
        """All of them."""
        rows = [(said.metric, _reading(_latest(row), said.metric), ago(said.time)) for said in _latest(row).values()]
        return format_html_join("", "<div>{}: {} ({})</div>", rows) or NOTHING

    # What is asked once

    @admin.action(description="Try again what failed", permissions=["change"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Meter]) -> None:
        """Begin anew."""
        self._ask(request, queryset, MeterRequest.Kind.RETRY, None)

    @admin.action(description="Set the clock now", permissions=["change"])
    def set_clock(self, request: HttpRequest, queryset: QuerySet[Meter]) -> None:
        """Whatever it says."""
        self._ask(request, queryset, MeterRequest.Kind.SET_CLOCK, CommandKind.SET_CLOCK)

    @admin.action(description="Switch the relay ON", permissions=["relay"])
    def relay_on(self, request: HttpRequest, queryset: QuerySet[Meter]) -> HttpResponse | None:
        """Once, after a question."""
        return self._switch(request, queryset, MeterRequest.Kind.RELAY_ON)

    @admin.action(description="Switch the relay OFF", permissions=["relay"])
    def relay_off(self, request: HttpRequest, queryset: QuerySet[Meter]) -> HttpResponse | None:
        """Once, after a question."""
        return self._switch(request, queryset, MeterRequest.Kind.RELAY_OFF)

    def _switch(self, request: HttpRequest, rows: QuerySet[Meter], kind: MeterRequest.Kind) -> HttpResponse | None:
        """A slip in a list of actions must not take the power from what hangs on a meter."""
        if "sure" in request.POST:
            self._ask(request, rows, kind, CommandKind.RELAY)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": f"{kind.label.capitalize()}?",
            "opts": self.opts,
            "meters": rows,
            "kind": kind.value,
            "is_off": kind == MeterRequest.Kind.RELAY_OFF,
        }
        return TemplateResponse(request, "bridges/relay_question.html", context)

    def has_relay_permission(self, request: HttpRequest) -> bool:
        """A right of its own."""
        return request.user.has_perm(RELAY_PERMISSION)

    def _ask(
        self, request: HttpRequest, rows: QuerySet[Meter], kind: MeterRequest.Kind, command: CommandKind | None
    ) -> None:
        asked = 0
        for row in rows.select_related("broker"):
            if not (row.is_enabled and row.broker.is_enabled):
                messages.error(request, f"{row.name} or its broker is disabled.")
            elif command is not None and REPLY_TOPICS[command] in unheard(row.broker):
                messages.error(request, f"{row.name}: no in-topic brings {REPLY_TOPICS[command]}.")
            else:
                owner = f"user:{request.user.pk}"
                MeterRequest.objects.create(meter=row, kind=kind, asked_at=datetime.now(UTC), asked_by=owner)
                asked += 1
        if asked:
            messages.success(
                request, f"Asked: {asked}. Reload this page in some seconds to see how it went, or watch the live page."
            )


def _desired(row: Meter) -> Any:
    return row.wanted(getattr(row.broker, "meter_defaults", None)).desired


def _latest(row: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = row.latest if hasattr(row, "latest") else latest_of([row.name]).get(row.name, {})
    return found


def _reading(latest: Mapping[str, Any], metric: str) -> str:
    said = latest.get(metric)
    return f"{said.value:,.3f} {said.unit}".rstrip() if said else NOTHING


def _interval(known: Interval | None, wanted: int | None, unit: str) -> SafeString:
    said = f"{known.value} {unit}" if known else "not known"
    if wanted is None:
        return two_lines(said if known else NOTHING, "")
    if known is not None and known.value == wanted:
        return two_lines(state_badge("connected", said), "" if known.is_read else "acknowledged, not read back")
    return two_lines(state_badge("lost", said), f"wanted: {wanted} {unit}")
