"""The base of the admin pages of history: to look at, never to change, and quick however much is stored."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import cached_property

from telemetry.admin_parts.typed import Paginator, TitledAdmin
from telemetry.ids import lowest_id
from telemetry.models import LinkStatus
from telemetry.values import PACKETS

MAX_COUNT = 10_000
SPANS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}


class BoundedPaginator(Paginator):
    """Counts to 10,000 and no further: counting all of history would take minutes."""

    @cached_property
    def count(self) -> int:
        found: Any = self.object_list
        return int(found.order_by()[:MAX_COUNT].count())


class ReadOnlyAdmin(TitledAdmin):
    """Nobody adds, changes or deletes here."""

    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each would count all of history
    paginator = BoundedPaginator

    class Media:
        css = {"all": ("telemetry/admin.css",)}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class AgeFilter(admin.SimpleListFilter):
    """By time, as a bound on the id: the primary key knows when its row was made."""

    title = "time"
    parameter_name = "age"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [("hour", "Last hour"), ("day", "Last 24 hours"), ("week", "Last 7 days"), ("month", "Last 30 days")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        span = SPANS.get(str(self.value()))
        return queryset.filter(id__gte=lowest_id(timezone.now() - span)) if span else queryset


class LinkFilter(admin.SimpleListFilter):
    """By link, from the few links that there are, not from what history holds."""

    column = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(key, key) for key in LinkStatus.objects.values_list("key", flat=True)[:200]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.column: self.value()}) if self.value() else queryset


class SourceFilter(LinkFilter):
    """Where it came from."""

    title = column = parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [*super().lookups(request, model_admin), (PACKETS, "packets (REST)")]


class TargetFilter(LinkFilter):
    """Where it goes."""

    title = column = parameter_name = "target"
