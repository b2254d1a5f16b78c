"""Searching messages on PostgreSQL by a value in their decoded payload, quickly whether it is frequent or rare.

The planner cannot tell which it is. So the newest messages are looked at one by one, where a frequent value is soon
found; whatever is left comes from the index, month by month, since a part of the search must not read all of history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
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
MAX_INDEX_PARTS = 3


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

    surely = 3  # it knows less of values inside of JSON

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
        """How many there are; `most` if there are more."""
        count = 0
        for part in self._parts():
            with part.plan():
                count += part.rows.order_by()[: most - count].count()
            if count == most:
                break
        return count

    def _parts(self) -> Iterator[Part]:
        """The search in parts, newest first, each to be read before the next one is asked for."""
        high: UUID | None = None
        for size in RECENT[:1] if self._is_bounded else RECENT:
            low = self._among.order_by("-id").values_list("id", flat=True)[size - 1 : size].first()
            rows = self.rows if high is None else self.rows.filter(id__lt=high)
            yield Part(rows if low is None else rows.filter(id__gte=low), one_by_one)
            if low is None:
                return
            high = low
            go_on()
        if high is not None:
            yield from self._older(high)

    def _older(self, high: UUID) -> Iterator[Part]:
        """At once what is rare; month by month what is not, because each month has statistics of its own."""
        rest = self.rows.filter(id__lt=high)
        if estimate(rest) < MANY:
            yield self._part(Q(id__lt=high))
            return
        while newest := self._among.filter(id__lt=high).order_by("-id").values_list("id", flat=True).first():
            start = first_id_of_month(newest)
            yield self._part(Q(id__gte=start, id__lt=high))
            high = start
            go_on()

    def _part(self, span: Q) -> Part:
        rows, among = self.rows.filter(span), self._among.filter(span)
        is_rare = estimate(rows) < MANY < estimate(among) / 5
        return Part(rows, only_bitmaps if is_rare else nullcontext)


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the messages of a search, and how to read them."""

    rows: QuerySet[Message]
    plan: Callable[[], AbstractContextManager[None]]


def first_id_of_month(row_id: UUID) -> UUID:
    """The lowest id of the month that an id falls into."""
    return lowest_id(time_of(row_id).replace(day=1, hour=0, minute=0, second=0, microsecond=0))


@contextmanager
def _without(*plans: str) -> Iterator[None]:
    """Within this, PostgreSQL avoids these kinds of plans. Within a transaction only."""
    with connection.cursor() as cursor:
        cursor.execute(_settings(plans, "off"))
        yield
        cursor.execute(_settings(plans, "on"))  # after an error the transaction is undone, and the settings with it


def _settings(plans: Sequence[str], value: str) -> str:
    return "SELECT " + ", ".join(f"set_config('enable_{name}', '{value}', true)" for name in plans)


def only_bitmaps() -> AbstractContextManager[None]:
    """Within this, PostgreSQL collects matches from indexes before it reads rows."""
    return _without("seqscan", "indexscan", "indexonlyscan")


def one_by_one() -> AbstractContextManager[None]:
    """Within this, it reads rows in their order: of a few messages that is soon done, and a frequent value is near."""
    return _without("bitmapscan")
