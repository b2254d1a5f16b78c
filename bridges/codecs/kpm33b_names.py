"""What the keys of Compere meters (KPM33B and its siblings) mean: an English metric and its unit. Pure data.

Source: COMPERE MQTT protocol V1.9, sections 3 and 4, and packets of real meters. Keys are compared in lower case: the
specification and the wire do not agree on it.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Metric(NamedTuple):
    """The English name of a key, and its unit ('' where the vendor names none)."""

    name: str
    unit: str


_TOTALS = {
    "zyggl": ("active_power", "kW"),
    "zwggl": ("reactive_power", "kvar"),
    "zszgl": ("apparent_power", "kVA"),
    "zglys": ("power_factor", ""),
    "f": ("frequency", "Hz"),
    "uab": ("voltage_l1_l2", "V"),
    "ubc": ("voltage_l2_l3", "V"),
    "uca": ("voltage_l3_l1", "V"),
    "unb": ("voltage_unbalance", "%"),
    "inb": ("current_unbalance", "%"),
    "pdm": ("active_power_demand", "kW"),
    "qdm": ("reactive_power_demand", "kvar"),
    "sdm": ("apparent_power_demand", "kVA"),
    "dmpmax": ("active_power_demand_max", "kW"),
    "dmsmax": ("apparent_power_demand_max", "kVA"),
    "u0": ("voltage_zero_sequence", "V"),
    "u+": ("voltage_positive_sequence", "V"),
    "u-": ("voltage_negative_sequence", "V"),
    "i0": ("current_zero_sequence", "A"),
    "i+": ("current_positive_sequence", "A"),
    "i-": ("current_negative_sequence", "A"),
    "ig": ("residual_current", "A"),
    "tn": ("temperature_n", "°C"),
    "temp": ("temperature", "°C"),
    "u": ("voltage", "V"),  # single phase: KPM31
    "i": ("current", "A"),
    "idm": ("current_demand", "A"),
    "sydn": ("prepaid_energy_left", "kWh"),
}

_ENERGIES = {
    "zygsz": ("active_energy", "kWh"),
    "fygsz": ("active_energy_export", "kWh"),
    "zwgsz": ("reactive_energy", "kvarh"),
    "fwgsz": ("reactive_energy_export", "kvarh"),
    "zszsz": ("apparent_energy", "kVAh"),
}

_PHASE = {
    "i{}": ("current", "A"),
    "u{}": ("voltage", "V"),
    "p{}": ("active_power", "kW"),
    "q{}": ("reactive_power", "kvar"),
    "s{}": ("apparent_power", "kVA"),
    "pf{}": ("power_factor", ""),
    "uxj{}": ("voltage_angle", "°"),
    "ixj{}": ("current_angle", "°"),
    "i{}dm": ("current_demand", "A"),
    "u{}thd": ("voltage_thd", ""),
    "i{}thd": ("current_thd", ""),
    "t{}": ("temperature", "°C"),
    **{f"u{{}}xbl{order}": (f"voltage_harmonic_{order}_ratio", "") for order in (3, 5, 7)},
    **{f"i{{}}xbl{order}": (f"current_harmonic_{order}_ratio", "") for order in (3, 5, 7)},
    **{f"i{{}}xb{order}": (f"current_harmonic_{order}", "") for order in (3, 5, 7)},
}

_TARIFFS = {"j": "t1", "f": "t2", "p": "t3", "v": "t4", "dv": "t5", "6": "t6"}

ENERGY_KEYS: Final = frozenset({*_ENERGIES, *(f"{sign}y{infix}sz" for sign in "zf" for infix in _TARIFFS)})
"""What tells a packet of energy counters from one of electrical values where the topic does not."""

METRICS: Final[dict[str, Metric]] = {
    **{key: Metric(*said) for key, said in {**_TOTALS, **_ENERGIES}.items()},
    **{
        pattern.format(phase): Metric(f"{name}_l{number}", unit)
        for pattern, (name, unit) in _PHASE.items()
        for number, phase in enumerate("abc", 1)
    },
    **{f"zy{infix}sz": Metric(f"active_energy_{tariff}", "kWh") for infix, tariff in _TARIFFS.items()},
    **{f"fy{infix}sz": Metric(f"active_energy_export_{tariff}", "kWh") for infix, tariff in _TARIFFS.items()},
}

NO_MEASUREMENTS: Final = frozenset({"dmpmaxoct", "dmsmaxoct"})
"""Moments, in seconds since 1970."""
