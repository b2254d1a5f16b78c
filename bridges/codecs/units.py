"""Finds the unit that a sensor's own words carry: behind a name ('temp-C', 'battery_mv') or a number ('22.8 celsius').

Pure. A single letter counts only behind a name that it fits: 'voltage_v' is in volts, 'voltage_a' is of phase a.
"""

from __future__ import annotations

import re
from typing import Final

_WORDS: Final = {
    "°C": "°c ºc celsius degc deg_c degrees_c centigrade", "°F": "°f ºf fahrenheit degf deg_f degrees_f", "K": "kelvin",
    "%": "% percent pct perc percentage %rh rh", "hPa": "hpa", "kPa": "kpa", "mbar": "mbar", "bar": "bar", "psi": "psi",
    "Pa": "pa", "ppm": "ppm", "ppb": "ppb", "µg/m³": "ug_m3 ugm3 ug/m3 µg/m3 µg/m³", "mg/m³": "mg_m3 mgm3 mg/m3",
    "lx": "lx lux", "V": "volt volts", "mV": "mv millivolt millivolts", "A": "amp amps ampere", "mA": "ma",
    "W": "watt watts", "kW": "kw", "Wh": "wh", "kWh": "kwh", "VA": "va", "Hz": "hz hertz", "dBm": "dbm", "dB": "db",
    "mm": "mm", "cm": "cm", "km": "km", "m": "meter meters metre metres", "km/h": "km/h kmh km_h kph", "m/s": "m/s m_s",
    "mph": "mph", "rpm": "rpm", "g": "gram grams", "kg": "kg", "mg": "mg", "ms": "ms", "s": "sec secs second seconds",
    "°": "deg degree degrees", "Ω": "ohm ohms", "kΩ": "kohm", "µS/cm": "us_cm us/cm", "L": "liter liters litre litres",
    "L/min": "l/min lpm", "pH": "ph",
}  # fmt: skip
UNIT_WORDS: Final = {word: unit for unit, words in _WORDS.items() for word in words.split()}

_LETTERS: Final = {
    "c": ("°C", "temp|dew|heat|chill|feels"),
    "f": ("°F", "temp|dew|heat|chill|feels"),
    "v": ("V", "volt|batt|vbat|vcc|supply"),
    "a": ("A", "^(?!.*phase).*(?:amp|^current$|charge)"),
    "w": ("W", "power|watt|load"),
    "m": ("m", "distance|height|depth|level|altitude"),
    "s": ("s", "uptime|time|duration|interval"),
    "g": ("g", "weight|mass|accel"),
    "k": ("K", "temp"),
}
_AMBIGUOUS = frozenset({"va", "pa", "bar", "rh", "ph", "sec", "second"})  # only behind a number
_GLUED = re.compile(r"(temp|temperature|dewpoint|heatindex)(c|f)")
_LONGEST = max(len(word) for word in UNIT_WORDS)
_SEPARATORS = "-_ ."


def unit_of_word(word: str) -> str:
    """The unit as the hub writes it, of a word that names one; '' else. A letter counts here: '21.5 C', '3.3 V'."""
    word = word.strip()
    if word in ("C", "F"):
        return f"°{word}"
    if word in ("K", "V", "A", "W", "m", "g", "s", "L", "h", "min", "kVA", "MW", "MWh", "var", "kvar"):
        return word
    return UNIT_WORDS.get(word.lower(), "")


def split_name(name: str) -> tuple[str, str]:
    """A name without its unit, and the unit ('' if it carries none): 'battery_mv' is ('battery', 'mV')."""
    lowered = name.lower()
    if glued := _GLUED.fullmatch(lowered):
        return name[:-1], "°C" if glued[2] == "c" else "°F"
    for sign in ("°", "º", "%"):
        base, found, rest = name.partition(sign)
        if found and base and (unit := unit_of_word(f"{sign if sign == '%' else '°'}{rest}")):
            return base.rstrip(_SEPARATORS), unit
    for place in range(max(1, len(name) - _LONGEST - 1), len(name) - 1):
        if name[place] in _SEPARATORS and (unit := _suffix_unit(lowered[:place], lowered[place + 1 :])):
            return name[:place].rstrip(_SEPARATORS) or name, unit
    return name, ""


def _suffix_unit(base: str, suffix: str) -> str:
    if suffix in _LETTERS:
        unit, fitting = _LETTERS[suffix]
        return unit if re.search(fitting, base) else ""
    return "" if suffix in _AMBIGUOUS else UNIT_WORDS.get(suffix, "")
