"""What Home Assistant is told of a metric: its device class, state class and unit. Pure.

Home Assistant refuses an entity whose unit does not fit its device class, so a class is named only with a unit that
every release since 2024.3 takes for it (homeassistant/components/sensor/const.py, DEVICE_CLASS_UNITS). Of a unit that
only newer releases know there (kvar, kVA, MW) the class is left out: the entity then works in all of them.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class Class(NamedTuple):
    """What an entity is. '' for what is not said."""

    device_class: str
    state_class: str
    is_diagnostic: bool


_MEASUREMENT: Final = "measurement"
_COUNTER: Final = "total_increasing"

_BY_UNIT: Final = {
    "temperature": "°C °F K",
    "voltage": "V mV",
    "current": "A mA",
    "power": "W kW",
    "apparent_power": "VA",
    "reactive_power": "var",
    "frequency": "Hz kHz MHz GHz",
    "pressure": "Pa hPa kPa bar cbar mbar mmHg inHg psi",
    "illuminance": "lx",
    "irradiance": "W/m²",
    "signal_strength": "dBm",
    "duration": "s min h d",
}
"""Units that stand for one thing alone."""

_BY_NAME_AND_UNIT: Final = (
    ("humidity", "%", r"humid|\brh\b"),
    ("moisture", "%", r"moisture|soil"),
    ("battery", "%", r"batt"),
    ("power_factor", "% ", r"power_?factor|cos_?(phi|fi)|\bpf\b"),
    ("carbon_dioxide", "ppm", r"co2|carbon_?dioxide"),
    ("carbon_monoxide", "ppm", r"\bco\b|carbon_?monoxide"),
    ("pm25", "µg/m³", r"pm_?2[_.]?5"),
    ("pm10", "µg/m³", r"pm_?10"),
    ("pm1", "µg/m³", r"pm_?1(?!\d)"),
    ("signal_strength", "dB", r"rssi|signal|snr"),
    ("weight", "kg g mg µg oz lb st", r"weight|mass|gross|\bnet\b|tare"),
    ("precipitation", "mm in", r"rain|precip"),
    ("precipitation_intensity", "mm/h in/h", r"rain|precip"),
    ("distance", "km m cm mm mi yd ft in", r"dist|depth|height|level|altitude"),
    ("wind_speed", "m/s km/h mph kn", r"wind|gust"),
    ("speed", "m/s km/h mph kn", r"speed|velocity"),
)
"""Units that need the name of the metric to be understood: acceleration is in g, and no weight."""

_COUNTED: Final = {
    "energy": ("Wh kWh MWh", ""),
    "water": ("L m³ ft³ gal", "water"),
    "gas": ("m³ ft³", "gas"),
}
"""Counters, by unit and name."""
_OTHER_COUNTERS: Final = frozenset({"varh", "kvarh", "VAh", "kVAh"})  # counters without a class of their own
_NO_COUNTER: Final = re.compile(r"left|remain|stored|yesterday|period|demand|forecast|budget")
_DIAGNOSTIC: Final = re.compile(r"batt|rssi|signal|snr|link_?quality|lqi|uptime|heap|load_?avg|vcc|tx_?power|sequence")


def class_of(metric: str, unit: str) -> Class:
    """What a metric is, as far as its name and unit say it without doubt."""
    name = metric.rpartition(".")[2].lower()
    is_diagnostic = bool(_DIAGNOSTIC.search(metric.lower()))
    if _is_counter(name, unit):
        device_class = next((kind for kind, (units, sign) in _COUNTED.items() if _fits(unit, units, name, sign)), "")
        return Class(device_class, _COUNTER, is_diagnostic)
    found = next((kind for kind, units in _BY_UNIT.items() if unit in units.split()), "")
    if not found:
        found = next((kind for kind, units, sign in _BY_NAME_AND_UNIT if _fits(unit, units, name, sign)), "")
    return Class(found, _MEASUREMENT, is_diagnostic)


def _is_counter(name: str, unit: str) -> bool:
    if _NO_COUNTER.search(name):
        return False
    return unit in _OTHER_COUNTERS or any(_fits(unit, units, name, sign) for units, sign in _COUNTED.values())


def _fits(unit: str, units: str, name: str, sign: str) -> bool:
    """Units are parted by blanks; an empty one fits where they end with a blank."""
    if unit not in units.split() and not (unit == "" and units.endswith(" ")):
        return False
    return re.search(sign, name) is not None
