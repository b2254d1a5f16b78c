"""The registry of drivers."""

from __future__ import annotations

import pytest

from devices.drivers.registry import DRIVERS, driver_named
from telemetry.options import OptionFault


def test_every_driver_is_found_by_its_name() -> None:
    assert {name: driver_named(name).name for name in DRIVERS} == {name: name for name in DRIVERS}
    assert {"lines", "json", "bytes", "escpos"} <= set(DRIVERS)


def test_an_unknown_driver_is_refused_with_the_known_ones() -> None:
    with pytest.raises(OptionFault, match=r"driver: 'morse' is not one of lines, json, bytes, escpos"):
        driver_named("morse")
