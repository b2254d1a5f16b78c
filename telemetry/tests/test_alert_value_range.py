"""The alert for readings out of their range."""

from __future__ import annotations

from typing import Any

import pytest

from telemetry.alerts.base import ValueFact
from telemetry.alerts.kinds.value_range import ValueRangeAlert
from telemetry.options import OptionFault
from telemetry.tests.alert_world import MadeUpWorld


def found(value: float, standing: tuple[str, ...] = (), **given: Any) -> list[str]:
    kind = ValueRangeAlert({"metric": "temperature", "lowest": "2", "highest": "8", **given})
    world = MadeUpWorld(values=[ValueFact("fridge", "temperature", value, "°C"), ValueFact("fridge", "power", 99, "W")])
    return [finding.detail for finding in kind.find(world, standing)]


@pytest.mark.parametrize("value", [2, 5, 8])
def test_the_bounds_belong_to_the_range(value: float) -> None:
    assert found(value) == []


def test_beyond_a_bound_it_is_bad_and_says_by_which() -> None:
    assert found(9.5) == ["temperature of fridge is 9.5 °C, above 8."]
    assert found(-3) == ["temperature of fridge is -3 °C, below 2."]


def test_one_bound_is_enough() -> None:
    assert found(-100, lowest="") == []
    assert found(9, lowest="")


def test_a_value_near_the_bound_does_not_flap() -> None:
    standing = ("device:fridge",)
    assert found(7.8, standing, margin=0.5)
    assert not found(7.4, standing, margin=0.5)
    assert not found(7.8, margin=0.5)


def test_another_device_is_not_told() -> None:
    assert not found(99, device="oven")


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({}, "metric"),
        ({"metric": "t"}, "lowest"),
        ({"metric": "t", "lowest": "cold"}, "lowest"),
        ({"metric": "t", "highest": "nan"}, "highest"),
        ({"metric": "t", "lowest": "3", "highest": "2"}, "lowest"),
    ],
)
def test_options_that_make_no_range_are_refused(given: dict[str, str], option: str) -> None:
    with pytest.raises(OptionFault) as fault:
        ValueRangeAlert(given)
    assert fault.value.name == option
