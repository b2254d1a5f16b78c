"""One page of a list: the envelope around its rows, the count, and where it goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from telemetry.api.queries import read_cursor, write_cursor
from telemetry.api.searches import Search, counted
from telemetry.api.time_limits import limited_search


class Envelope(serializers.Serializer[Any]):
    """The members beside `results`, for the documentation."""

    count = serializers.IntegerField(help_text="all rows of this search; above 10,000 see count_exact")
    count_exact = serializers.BooleanField(
        help_text="false: the count is the planner's estimate (PostgreSQL) or a lower bound (SQLite)"
    )
    next = serializers.URLField(allow_null=True, help_text="the next page; null on the last")


def envelope(name: str, row: type[serializers.BaseSerializer[Any]]) -> type[serializers.Serializer[Any]]:
    """The documented shape of a page of these rows."""
    page: type[serializers.Serializer[Any]] = type(name, (Envelope,), {"results": row(many=True)})
    return extend_schema_serializer(many=False)(page)


def page_by_id(
    request: Request,
    rows: QuerySet[Any] | Search[Any],
    query: Mapping[str, Any],
    shape: Callable[[Sequence[Any]], list[dict[str, Any]]],
) -> Response:
    """A page of rows, newest first, that goes on after the id in the cursor."""
    whole = rows if isinstance(rows, Search) else Search(rows)
    with limited_search():
        search = whole.before(read_cursor(query["cursor"])) if "cursor" in query else whole
        found = search.newest(query["limit"] + 1)
        page, more = found[: query["limit"]], len(found) > query["limit"]
        count = (len(page), True) if search is whole and not more else counted(whole, request)
        results = shape(page)
    return answer(request, results, count=count, cursor=write_cursor(page[-1].id) if more else None)


def answer(request: Request, results: list[dict[str, Any]], *, count: tuple[int, bool], cursor: str | None) -> Response:
    """The envelope around one page."""
    following = replace_query_param(request.build_absolute_uri(), "cursor", cursor) if cursor else None
    return Response({"count": count[0], "count_exact": count[1], "next": following, "results": results})
