"""One page of a list: the envelope, the count, and the limit on how long a search may take."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from telemetry.api.problems import Problem
from telemetry.api.queries import read_cursor, write_cursor
from telemetry.outages import sqlstate_of

EXACT_TO = 10_000
SEARCH_LIMIT_S = 15.0
_SQLITE_STEPS = 20_000  # between two looks at the clock


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
    rows: QuerySet[Any],
    query: Mapping[str, Any],
    shape: Callable[[Sequence[Any]], list[dict[str, Any]]],
) -> Response:
    """A page of rows, newest first, that goes on after the id in the cursor."""
    with limited_search():
        count, is_exact = bounded_count(rows)
        if "cursor" in query:
            rows = rows.filter(id__lt=read_cursor(query["cursor"]))
        found = list(rows.order_by("-id")[: query["limit"] + 1])
        page, more = found[: query["limit"]], len(found) > query["limit"]
        results = shape(page)
    return answer(request, results, count=(count, is_exact), cursor=write_cursor(page[-1].id) if more else None)


def answer(request: Request, results: list[dict[str, Any]], *, count: tuple[int, bool], cursor: str | None) -> Response:
    """The envelope around one page."""
    following = replace_query_param(request.build_absolute_uri(), "cursor", cursor) if cursor else None
    return Response({"count": count[0], "count_exact": count[1], "next": following, "results": results})


def bounded_count(rows: QuerySet[Any]) -> tuple[int, bool]:
    """How many rows there are, and whether that is exact: it is, up to 10,000.

    Above, PostgreSQL's planner estimates; SQLite has no estimate, so the answer is a lower bound.
    """
    rows = rows.order_by()
    count = rows[: EXACT_TO + 1].count()
    if count <= EXACT_TO:
        return count, True
    if connection.vendor != "postgresql":
        return count, False
    plan = json.loads(rows.explain(format="json"))
    return max(count, int(plan[0]["Plan"]["Plan Rows"])), False


@contextmanager
def limited_search() -> Iterator[None]:
    """End a search that takes too long with a Problem, instead of holding up the database."""
    limited = _limited_postgresql if connection.vendor == "postgresql" else _limited_sqlite
    with limited(SEARCH_LIMIT_S):
        yield


def _too_slow() -> Problem:
    return Problem(400, "too_slow", "This search takes too long: narrow it down by time, device or source.")


@contextmanager
def _limited_postgresql(limit_s: float) -> Iterator[None]:
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {int(limit_s * 1000)}")
            yield
    except OperationalError as error:
        if sqlstate_of(error) == "57014":
            raise _too_slow() from None
        raise


@contextmanager
def _limited_sqlite(limit_s: float) -> Iterator[None]:
    connection.ensure_connection()
    ends_at = time.monotonic() + limit_s
    raw: Any = connection.connection
    raw.set_progress_handler(lambda: time.monotonic() > ends_at, _SQLITE_STEPS)
    try:
        yield
    except OperationalError as error:
        if "interrupted" in str(error):
            raise _too_slow() from None
        raise
    finally:
        raw.set_progress_handler(None, 0)
