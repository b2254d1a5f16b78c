"""The filters of tickets."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.printing.filters import FILTERS, FilterFault
from devices.printing.sandbox import TicketFault
from devices.printing.ticket import Ticket, TicketForm


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("fixed", (12.5,), "12.50"),
        ("fixed", ("12,5", 3, ","), "12,500"),
        ("format", ("%5.1f g", 2), "  2.0 g"),
        ("format", ("%s of %d", "a", 3), "a of 3"),
        ("ljust", ("a", 3), "a  "),
        ("rjust", ("a", 3), "  a"),
        ("cjust", ("a", 3), " a "),
        ("truncate", ("abcdef", 4), "abc…"),
        ("replace", ("a-b", "-", "+"), "a+b"),
        ("join", ([1, "a"], "/"), "1/a"),
        ("sum", ([{"p": 1}, {"p": "2,5"}], "p"), 3.5),
        ("max", ([1, 3, 2],), 3),
        ("min", ([1, 3, 2],), 1),
        ("sort", ([3, 1, 2],), [1, 2, 3]),
        ("sort", ([{"a": 2}, {"a": 1}], "a"), [{"a": 1}, {"a": 2}]),
        ("first", ([],), None),
        ("last", ([1, 2],), 2),
        ("items", ({"a": 1},), [("a", 1)]),
        ("length", ("abc",), 3),
        ("round", (2.345, 1), 2.3),
        ("int", ("7",), 7),
        ("abs", (-2,), 2),
        ("upper", ("ab",), "AB"),
        ("lower", ("AB",), "ab"),
        ("title", ("ab cd",), "Ab Cd"),
        ("capitalize", ("ab",), "Ab"),
        ("trim", (" a ",), "a"),
        ("string", (None,), ""),
        ("float", ("1.5",), 1.5),
        ("reverse", ([1, 2],), [2, 1]),
        ("default", (None, "-"), "-"),
        ("default", (0, "-"), 0),
        ("date", ("2026-01-12T16:39:00", "%d.%m."), "12.01."),
    ],
)
def test_each_filter_does_what_it_says(name: str, given: tuple[Any, ...], said: Any) -> None:
    assert FILTERS[name](*given) == said


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("fixed", ("heavy",)),
        ("fixed", (1, 99)),
        ("format", ("%n",)),
        ("format", ("%d",)),
        ("format", ("%100d", 1)),
        ("ljust", ("a", 999)),
        ("sum", (["a"],)),
        ("sum", ([{}], "p")),
        ("sort", ([1, "a"],)),
        ("items", ([1],)),
        ("join", ("text",)),
        ("join", ([[1]],)),
        ("max", ([],)),
        ("date", ("yesterday",)),
        ("date", ("2026-01-12", "%Y" * 40)),
        ("replace", ("a", "", "b")),
        ("first", (list(range(2000)),)),
    ],
)
def test_what_a_filter_is_not_for_is_a_fault(name: str, given: tuple[Any, ...]) -> None:
    with pytest.raises(FilterFault):
        FILTERS[name](*given)


def test_a_time_is_told_in_the_zone_of_the_ticket() -> None:
    form = TicketForm(template='{{ time | date("%H:%M") }}', zone="Europe/Vienna")
    (line,) = Ticket(form).receipt({"time": datetime(2026, 7, 1, 12, 0, tzinfo=UTC)}).items
    assert getattr(line, "text", "") == "14:00"


values = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers()))


@given(st.sampled_from(sorted(FILTERS)), values)
def test_a_filter_answers_or_says_what_is_wrong(name: str, value: Any) -> None:
    try:
        FILTERS[name](value)
    except (FilterFault, TypeError, ValueError, OverflowError):
        return


@pytest.mark.parametrize("template", ["{{ payload }}", "{{ payload | trim }}"])
def test_an_object_is_no_text_and_its_parts_are_named(template: str) -> None:
    with pytest.raises(TicketFault, match=r"name one of its parts \(kind, value, raw\)"):
        Ticket(TicketForm(template=template)).receipt({"payload": {"kind": "weight", "value": 1.0, "raw": "1 g"}})


def test_a_list_is_no_text_and_only_some_of_many_parts_are_named() -> None:
    with pytest.raises(FilterFault, match="a list is no text"):
        FILTERS["trim"]([1])
    with pytest.raises(FilterFault, match=r"\(0, 1, 2, 3, 4, 5, 6, 7, \.\.\.\)"):
        FILTERS["trim"]({str(number): number for number in range(9)})
