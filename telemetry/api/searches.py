"""A search of history, newest first: its page, and its count, exact up to a number and cheap beyond it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.core.cache import cache
from django.db import connection
from django.db.models import Model, QuerySet
from rest_framework.request import Request

from telemetry.api.time_limits import TookTooLong, limited

EXACT_TO = 10_000
COUNT_LIMIT_S = 1.0
ESTIMATE_LIVES_S = 60
"""Large counts are not asked for anew with each page: what lies above EXACT_TO is an estimate anyhow."""
_NO_PART = ("cursor", "limit")

Row = TypeVar("Row", bound=Model)
Count = tuple[int, bool]


class Search(Generic[Row]):
    """The rows of a query, which has no order of its own."""

    surely = 2
    """Where the planner expects so many times what is counted exactly, it is taken at its word."""

    def __init__(self, rows: QuerySet[Row]) -> None:
        self.rows = rows

    def before(self, row_id: UUID) -> Search[Row]:
        """The same search among older rows."""
        return Search(self.rows.filter(id__lt=row_id))

    def newest(self, most: int) -> list[Row]:
        """So many of the newest rows."""
        return list(self.rows.order_by("-id")[:most])

    def count(self, most: int) -> int:
        """How many rows there are; `most` if there are more."""
        return self.rows.order_by()[:most].count()


def counted(search: Search[Any], request: Request) -> Count:
    """How many rows a search has, and whether that is exact; a large count may be a minute old."""
    return remembered(request, lambda: bounded_count(search))


def bounded_count(search: Search[Any]) -> Count:
    """How many rows there are, and whether that is exact: it is up to 10,000, if counting them takes at most a second.

    Above, PostgreSQL's planner estimates; SQLite has no estimate, so the answer is a lower bound.
    """
    expected = estimate(search.rows)
    if expected > search.surely * EXACT_TO:
        return expected, False
    least = 0
    try:
        with limited(COUNT_LIMIT_S):
            least = search.count(EXACT_TO + 1)
        if least <= EXACT_TO:
            return least, True
    except TookTooLong:
        pass
    return max(least, expected), False


def estimate(rows: QuerySet[Any]) -> int:
    """What PostgreSQL's planner expects; 0 on SQLite, which does not know."""
    if connection.vendor != "postgresql":
        return 0
    plan = json.loads(rows.order_by().explain(format="json"))
    return int(plan[0]["Plan"]["Plan Rows"])


def remembered(request: Request, count: Callable[[], Count]) -> Count:
    """The count of the request's filters, from the cache if it is there. Exact ones are counted anew each time."""
    filters = sorted(pair for pair in request.query_params.items() if pair[0] not in _NO_PART)
    digest = hashlib.sha256(repr((request.path, filters)).encode()).hexdigest()
    key = f"count:{digest}"
    known = cache.get(key)
    if known is not None:
        return int(known), False
    found = count()
    if not found[1]:
        cache.set(key, found[0], ESTIMATE_LIVES_S)
    return found
