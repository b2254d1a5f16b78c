"""Templates cannot reach outside, run for long, or grow without bound."""

from __future__ import annotations

from contextlib import suppress
from time import monotonic
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.printing.sandbox import LIMIT_S, MAX_STEPS, TicketFault, printed
from devices.printing.ticket import MAX_TEMPLATE, Ticket, TicketForm

VALUES = {"payload": {"items": [1, 2, 3], "text": "abc", "n": 7, "nothing": None}}


def rendered(template: str, values: dict[str, Any] | None = None) -> str:
    receipt = Ticket(TicketForm(template=template)).receipt(VALUES if values is None else values)
    return "\n".join(getattr(item, "text", "?") for item in receipt.items)


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in range(5000) %}{% for j in range(5000) %}{% endfor %}{% endfor %}",
        "{% for i in range(4000) %}{% endfor %}{% for i in range(4000) %}{% endfor %}",
        "{% for i in range(400) %}{% for j in payload.items %}{{ j | fixed }}{{ bold(j) }}{% endfor %}"
        "{% for j in range(10) %}{% endfor %}{% endfor %}",
    ],
)
def test_loops_that_go_on_and_on_are_stopped(template: str) -> None:
    started = monotonic()
    with pytest.raises(TicketFault, match=f"{MAX_STEPS:,} steps"):
        rendered(template)
    assert monotonic() - started < 2.0


def test_what_takes_too_long_is_stopped_by_the_clock() -> None:
    times = iter(range(1000))
    ticket = Ticket(TicketForm(template="{% for i in range(100) %}{{ i }}{% endfor %}"))
    with pytest.raises(TicketFault, match=f"{LIMIT_S:g} s"):
        ticket.receipt({}, clock=lambda: float(next(times)))


@pytest.mark.parametrize(
    "template",
    [
        "{{ 9 ** 9 ** 9 }}",
        "{{ 999999 ** 10 * 999999 ** 10 }}",
        '{{ "x" * 1000000000 }}',
        '{{ "%999999999d" | format(1) }}',
        '{{ "x".center(1000000000) }}',
        '{{ "x" | rjust(1000000000) }}',
        "{{ range(1000000000) | length }}",
        "{% set a = 'aaaaaaaaaaaaaaaa' %}" + "{% set a = a ~ a %}" * 60 + "{{ a }}",
        "{% set a = 'aaaaaaaaaaaaaaaa' %}" + "{% set a = a + a %}" * 60 + "{{ a }}",
        "{% set a %}{{ payload.text }}{% endset %}",
        "{% filter upper %}x{% endfilter %}",
        "{% set a = [1] %}{% set a = [a, a] %}",
        "{{ 'a' | replace('a', '" + "b" * 300 + "') }}",
        "{% for i in range(2000) %}0123456789 0123456789{% endfor %}",
    ],
)
def test_nothing_grows_without_bound(template: str) -> None:
    started = monotonic()
    with pytest.raises(TicketFault):
        rendered(template)
    assert monotonic() - started < 1.0


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ payload.__class__ }}",
        "{{ bold.__globals__ }}",
        "{{ payload | attr('__class__') }}",
        "{{ self.__init__ }}",
        "{{ payload.text.upper() }}",
        "{{ cycler.__init__ }}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}",
        "{% for i in range(3) recursive %}{{ loop(range(3)) }}{% endfor %}",
        "{% set _steps = 1 %}",
        "{{ '{0.__class__}'.format(1) }}",
    ],
)
def test_a_template_reaches_nothing_but_its_words(template: str) -> None:
    with pytest.raises(TicketFault):
        rendered(template)


def test_a_key_that_is_called_like_a_method_is_the_key() -> None:
    assert rendered("{% for item in payload.items %}{{ item }}{% endfor %}") == "123"


def test_a_fault_of_syntax_names_its_line() -> None:
    with pytest.raises(TicketFault, match="line 2"):
        rendered("one\n{% if %}")


def test_a_missing_value_is_a_fault_that_names_it_unless_there_is_a_default() -> None:
    with pytest.raises(TicketFault, match="price"):
        rendered("{{ payload.price }}")
    with pytest.raises(TicketFault, match="price"):
        rendered("{{ payload.price | upper }}")
    assert rendered("{{ payload.price | default('none') }}{{ payload.nothing | default('-') }}") == "none-"


def test_a_template_may_only_be_so_long() -> None:
    with pytest.raises(TicketFault, match="8,000"):
        Ticket(TicketForm(template="x" * (MAX_TEMPLATE + 1)))


@pytest.mark.parametrize(("value", "said"), [("a", "a"), (None, ""), (True, "yes"), (1.5, "1.5"), (False, "no")])
def test_values_are_printed_in_plain_words(value: Any, said: str) -> None:
    assert printed(value) == said


@pytest.mark.parametrize("value", [[1], {"a": 1}, object(), print])
def test_what_has_no_words_is_not_printed(value: Any) -> None:
    with pytest.raises(TicketFault):
        printed(value)


@given(st.text("{}%# |'\"()payloditemsfr.n1+~*=\n-", max_size=80))
def test_no_template_breaks_anything(template: str) -> None:
    with suppress(TicketFault):
        rendered(template)
