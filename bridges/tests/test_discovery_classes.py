"""What Home Assistant is told that a metric is: only what its name and unit say without doubt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridges.discovery.classes import class_of
from bridges.discovery.documents import About
from bridges.discovery.makers import about


@pytest.mark.parametrize(
    ("metric", "unit", "device_class"),
    [
        ("weight", "kg", "weight"),
        ("weight", "pcs", ""),
        ("acceleration_x", "g", ""),
        ("temperature", "°C", "temperature"),
        ("temperature", "", ""),
        ("humidity", "%", "humidity"),
        ("soil_moisture", "%", "moisture"),
        ("voltage_unbalance", "%", ""),
        ("battery", "%", "battery"),
        ("battery", "mV", "voltage"),
        ("rssi", "dBm", "signal_strength"),
        ("noise", "dB", ""),
        ("active_power", "kW", "power"),
        ("reactive_power", "kvar", ""),
        ("apparent_power", "kVA", ""),
        ("ENERGY.ReactivePower", "var", "reactive_power"),
        ("power_factor_l1", "", "power_factor"),
        ("co2", "ppm", "carbon_dioxide"),
        ("co2", "", ""),
        ("pm2_5", "µg/m³", "pm25"),
        ("pm10", "µg/m³", "pm10"),
        ("pm1", "µg/m³", "pm1"),
        ("rain", "mm", "precipitation"),
        ("distance", "mm", "distance"),
        ("wind_speed", "m/s", "wind_speed"),
        ("water_total", "m³", "water"),
        ("gas_total", "m³", "gas"),
        ("tank", "L", ""),
    ],
)
def test_a_device_class_is_named_where_name_and_unit_leave_no_doubt(metric: str, unit: str, device_class: str) -> None:
    assert class_of(metric, unit).device_class == device_class


@pytest.mark.parametrize(
    ("metric", "unit"), [("active_energy", "kWh"), ("reactive_energy_export", "kvarh"), ("water_total", "m³")]
)
def test_counters_only_increase(metric: str, unit: str) -> None:
    assert class_of(metric, unit).state_class == "total_increasing"


@pytest.mark.parametrize(
    ("metric", "unit"),
    [("prepaid_energy_left", "kWh"), ("ENERGY.Yesterday", "kWh"), ("ENERGY.Period", "Wh"), ("active_power", "kW")],
)
def test_what_falls_again_or_begins_anew_is_no_counter_and_no_energy(metric: str, unit: str) -> None:
    found = class_of(metric, unit)
    assert (found.state_class, found.device_class == "energy") == ("measurement", False)


@pytest.mark.parametrize(("metric", "is_diagnostic"), [("battery", True), ("Wifi.RSSI", True), ("weight", False)])
def test_what_is_about_the_device_itself_is_diagnostic(metric: str, is_diagnostic: bool) -> None:
    assert class_of(metric, "%").is_diagnostic is is_diagnostic


@given(metric=st.text(max_size=60), unit=st.text(max_size=10))
def test_any_metric_is_something(metric: str, unit: str) -> None:
    assert class_of(metric, unit).state_class in ("measurement", "total_increasing")


@pytest.mark.parametrize(
    ("name", "driver", "known"),
    [
        ("bench", "kern-tws", About("KERN")),
        ("bench", "mt-sics", About()),
        ("33B1225950028", "", About("Compere", "KPM33B", "33B1225950028")),
        ("31210259C0001", "", About("Compere", "KPM312", "31210259C0001")),
        ("33B1225950028", "lines", About()),
        ("hall", "", About()),
    ],
)
def test_a_maker_is_named_only_if_driver_or_number_say_it(name: str, driver: str, known: About) -> None:
    assert about(name, driver) == known
