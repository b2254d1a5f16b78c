"""Searching messages on PostgreSQL by a value in their decoded payload, quickly whether it is frequent or rare.

The planner cannot tell which it is. So the newest messages are looked at one by one, where a frequent value is soon
found; whatever is left comes from the index, month by month, since a part of the search must not read all of history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from telemetry.api.searches import Search, estimate
from telemetry.api.time_limits import go_on
from telemetry.ids import lowest_id, time_of
from telemetry.models import Message

RECENT = (1_000, 20_000)
"""So many of the newest messages are looked at one by one: first a few, then more where only the time bounds them."""
MANY = 20_000
"""Where the planner expects more matches, it may read row by row: it is not wrong by that much."""
LEAST_SHARE, SURELY = 200, 5
"""Counting ends early where one in so many matched until now, and the planner expects so many times what is counted."""
MAX_INDEX_PARTS = 3
_INDEXES_OFF = ("enable_seqscan", "enable_indexscan", "enable_indexonlyscan")  # which leaves bitmaps of indexes


def containing(path: list[str], values: list[Any]) -> Q | None:
    """The condition that the index answers: one of these values at this path. None if it may be meant in too many ways.

    A part that is a number may be a place in an array as well as a key, so that the caller must look more closely.
    """
    if sum(part.isdigit() for part in path) > MAX_INDEX_PARTS:
        return None
    condition = Q()
    for value in values:
        for is_place in product(*((False, True) if part.isdigit() else (False,) for part in path)):
            document = value
            for part, place in zip(reversed(path), reversed(is_place), strict=True):
                document = [document] if place else {part: document}
            condition |= Q(decoded__contains=document)
    return condition


class ValueSearch(Search[Message]):
    """Messages among others that fulfil a condition which the index answers."""

    def __init__(self, among: QuerySet[Message], condition: Q, *, is_bounded: bool) -> None:
        """`is_bounded`: more than their time says which `among` are, so that looking at each may cost more."""
        super().__init__(among.filter(condition))
        self._among, self._condition, self._is_bounded = among, condition, is_bounded

    def before(self, row_id: UUID) -> ValueSearch:
        """The same search among older messages."""
        among = self._among.filter(id__lt=row_id)
        return ValueSearch(among, self._condition, is_bounded=self._is_bounded)

    def newest(self, most: int) -> list[Message]:
        """So many of the newest messages."""
        found: list[Message] = []
        for part in self._parts():
            with part.plan():
                found += part.rows.order_by("-id")[: most - len(found)]
            if len(found) == most:
                break
        return found

    def count(self, most: int) -> int:
        """How many there are; `most` if there are more, or certainly seem to be."""
        count = looked_at = 0
        for part in self._parts():
            with part.plan():
                count += part.rows.order_by()[: most - count].count()
            if count == most:
                break
            looked_at += part.looks_at
            if part.looks_at and count * LEAST_SHARE >= looked_at and estimate(self.rows) >= most * SURELY:
                return most
        return count

    def _parts(self) -> Iterator[Part]:
        """The search in parts, newest first, each to be read before the next one is asked for."""
        high: UUID | None = None
        for size in RECENT[:1] if self._is_bounded else RECENT:
            low = self._among.order_by("-id").values_list("id", flat=True)[size - 1 : size].first()
            rows = self.rows if high is None else self.rows.filter(id__lt=high)
            yield Part(rows if low is None else rows.filter(id__gte=low), nullcontext, size)
            if low is None:
                return
            high = low
            go_on()
        oldest = self._among.order_by("id").values_list("id", flat=True).first()
        if high is None or oldest is None:
            return
        for start, end in spans_before(high, oldest):
            span = Q(id__gte=start, id__lt=end)
            is_rare = estimate(self.rows.filter(span)) < MANY < estimate(self._among.filter(span)) / 5
            yield Part(self.rows.filter(span), only_bitmaps if is_rare else nullcontext)
            go_on()


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the messages of a search, and how to read them."""

    rows: QuerySet[Message]
    plan: Callable[[], AbstractContextManager[None]]
    looks_at: int = 0  # so many messages one by one; 0 where it asks the index


def spans_before(high: UUID, low: UUID) -> Iterator[tuple[UUID, UUID]]:
    """What lies between two ids, in spans of whole months, the newest first: one month, then two, four, eight."""
    months = 1
    while high > low:
        at = time_of(high).astimezone(UTC)
        number = at.year * 12 + at.month - 1
        start = _first_id(number)
        start = _first_id(number - months + (start < high))
        yield max(start, low), high
        high, months = start, months * 2


def _first_id(month: int) -> UUID:
    if month < 1970 * 12:
        return UUID(int=0)
    return lowest_id(datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC))


@contextmanager
def only_bitmaps() -> Iterator[None]:
    """Within this, PostgreSQL collects matches from indexes before it reads rows. Within a transaction only."""
    with connection.cursor() as cursor:
        cursor.execute(_setting("off"))
        yield
        cursor.execute(_setting("on"))  # after an error the transaction is undone, and the settings with it


def _setting(value: str) -> str:
    return "SELECT " + ", ".join(f"set_config('{name}', '{value}', true)" for name in _INDEXES_OFF)
