"""What counts as lost and as doubled, and whose fault it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chaos.count import Found, table, tally

SENT = [b"1", b"2", b"3"]
GOOD = Found(sent=SENT, stored=SENT, delivered={"a": b"1", "b": b"2", "c": b"3"}, came=["b", "a", "c"], witnessed=SENT)


@pytest.mark.parametrize("qos", [1, 2])
def test_all_is_well_when_each_message_is_stored_and_comes_once(qos: int) -> None:
    found = tally(qos, GOOD)
    assert found.is_good
    assert "ok" in table([found])


@pytest.mark.parametrize("qos", [1, 2])
@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"stored": SENT[:2]}, "lost"),
        ({"delivered": {"a": b"1", "b": b"2"}, "came": ["a", "b"]}, "undelivered"),
    ],
)
def test_what_is_missing_is_bad(qos: int, changes: dict[str, Any], column: str) -> None:
    found = tally(qos, replace(GOOD, **changes))
    assert (getattr(found, column), found.is_good) == (1, False)


@pytest.mark.parametrize("qos", [1, 2])
@pytest.mark.parametrize("witnessed", [SENT, [*SENT, b"3"]])
def test_what_is_stored_twice_is_bad_at_qos_2_unless_the_broker_took_it_twice(qos: int, witnessed: list[bytes]) -> None:
    found = tally(qos, replace(GOOD, stored=[*SENT, b"3"], witnessed=witnessed))
    assert (found.stored_twice, found.is_good) == (1, qos == 1 or witnessed != SENT)


@pytest.mark.parametrize(("came", "column"), [([*GOOD.came, "c"], "came_twice"), (GOOD.came[:2], "broker_lost")])
def test_what_the_hub_cannot_help_is_counted_only(came: list[str], column: str) -> None:
    found = tally(2, replace(GOOD, came=came))
    assert (getattr(found, column), found.is_good) == (1, True)
