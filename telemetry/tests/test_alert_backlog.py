"""The alert for what piles up."""

from __future__ import annotations

from typing import Any

import pytest

from telemetry.alerts.base import QueueFact
from telemetry.alerts.kinds.backlog import BacklogAlert
from telemetry.options import OptionFault
from telemetry.tests.alert_world import MadeUpWorld, before


def found(count: int, standing: tuple[str, ...] = (), **given: Any) -> list[str]:
    world = MadeUpWorld(queues=[QueueFact("broker:plant", count, before(600))])
    return [finding.detail for finding in BacklogAlert(given).find(world, standing)]


def test_more_than_the_limit_is_bad() -> None:
    assert found(100, waiting=100) == []
    assert found(1234, waiting=100) == ["1,234 wait for broker:plant, the oldest for 10 min."]


def test_an_old_one_is_bad_however_few_wait() -> None:
    assert found(1, waiting=0, oldest_s=599)
    assert not found(1, waiting=0, oldest_s=601)


def test_it_must_shrink_well_below_the_limit_to_be_good_again() -> None:
    standing = ("broker:plant",)
    assert found(81, standing, waiting=100)
    assert not found(80, standing, waiting=100)


def test_another_target_is_not_told() -> None:
    assert not found(9999, target="broker:other")


def test_a_rule_that_could_find_nothing_is_refused() -> None:
    with pytest.raises(OptionFault, match="give a number or an age"):
        BacklogAlert({"waiting": 0})
