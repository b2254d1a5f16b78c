"""What a Compere KPM33B power meter measures and how it writes it. Pure but for its random.

The keys, their order and their decimals are those of real packets (captures in github.com/rhoerbe/kpm33b_proxy).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from math import acos, hypot, pi, sqrt
from random import Random

TARIFFS = ("j", "f", "p", "v", "dv")  # the five import registers zy?sz, whose sum is zygsz
_PHASES = ("a", "b", "c")
_ANGLES = (0.0, 239.774, 119.874)


def meter_time(moment: datetime) -> str:
    """The meter's own way to write its local time."""
    return moment.strftime("%Y%m%d%H%M%S")


def _text(values: Iterable[tuple[str, float, int]], meter_id: str, moment: datetime) -> str:
    numbers = ",".join(f'"{key}":{value + 0.0:.{decimals}f}' for key, value, decimals in values)
    return f'{{"id":"{meter_id}",{numbers},"time":"{meter_time(moment)}","isend":"1"}}'


class MeterValues:
    """Voltages, currents and counters of one three-phase load with a little capacitive reactive power."""

    def __init__(self, random: Random, *, usual_kw: float = 6.7) -> None:
        self._random = random
        self._usual_kw = usual_kw
        self._kw = usual_kw
        self._tariff_wh: dict[str, float] = {tariff: random.uniform(5_000, 60_000) for tariff in TARIFFS[:4]} | {
            "dv": 0.0
        }
        self._reactive_vah = random.uniform(5_000, 12_000)
        self._apparent_vah = sum(self._tariff_wh.values()) * 1.006
        self._integrated_at: datetime | None = None

    def realtime(self, meter_id: str, moment: datetime) -> str:
        """One MQTT_RT_DATA payload."""
        self._integrate(moment)
        return _text(self._realtime_values(), meter_id, moment)

    def energy(self, meter_id: str, moment: datetime) -> str:
        """One MQTT_ENY_NOW payload. The tariffs add up to `zygsz` to the last digit, and no counter ever falls."""
        self._integrate(moment)
        tariffs = {tariff: int(wh) / 1000 for tariff, wh in self._tariff_wh.items()}
        return energy_text(
            meter_id, moment, tariffs, reactive_kvarh=self._reactive_vah / 1000, apparent_kvah=self._apparent_vah / 1000
        )

    def _integrate(self, moment: datetime) -> None:
        """Add the energy since the last packet. A clock that is set back or far ahead adds nothing."""
        since, self._integrated_at = self._integrated_at, moment
        self._kw += (self._usual_kw - self._kw) * 0.05 + self._random.gauss(0.0, self._usual_kw / 25)
        self._kw = max(self._kw, self._usual_kw / 10)
        hours = (moment - since).total_seconds() / 3600 if since else 0.0
        if 0 < hours < 24:
            tariff = TARIFFS[(moment.hour // 6) % 4]
            self._tariff_wh[tariff] += self._kw * 1000 * hours
            self._reactive_vah += self._kw * 74 * hours
            self._apparent_vah += self._kw * 1003 * hours

    def _realtime_values(self) -> Iterable[tuple[str, float, int]]:
        share = [1 / 3 + self._random.gauss(0.0, 0.002) for _ in _PHASES]
        volts = [230.0 + self._random.gauss(0.0, 1.2) for _ in _PHASES]
        active = [self._kw * part for part in share]
        reactive = [-0.074 * kw for kw in active]
        apparent = [hypot(kw, kvar) for kw, kvar in zip(active, reactive, strict=True)]
        amps = [kva * 1000 / volt for kva, volt in zip(apparent, volts, strict=True)]
        factors = [kw / kva for kw, kva in zip(active, apparent, strict=True)]
        lines = [self._line_volts(volts[one], volts[other]) for one, other in ((0, 1), (1, 2), (2, 0))]
        lag = acos(factors[0]) * 180 / pi
        total = hypot(sum(active), sum(reactive))
        yield from zip(
            ("ia", "ib", "ic", "ua", "ub", "uc", "uab", "ubc", "uca"), amps + volts + lines, [3] * 9, strict=True
        )
        for keys, values, sum_key, whole in (
            ("p", active, "zyggl", sum(active)),
            ("q", reactive, "zwggl", sum(reactive)),
            ("s", apparent, "zszgl", total),
        ):
            yield from ((keys + phase, value, 4) for phase, value in zip(_PHASES, values, strict=True))
            yield sum_key, whole, 4
        yield from ((f"pf{phase}", value, 3) for phase, value in zip(_PHASES, factors, strict=True))
        yield "zglys", sum(active) / total, 3
        yield "f", 50.0 + self._random.gauss(0.0, 0.02), 3
        yield from ((f"uxj{phase}", angle, 3) for phase, angle in zip(_PHASES, _ANGLES, strict=True))
        yield from ((f"ixj{phase}", (angle - lag) % 360, 3) for phase, angle in zip(_PHASES, _ANGLES, strict=True))
        yield "unb", _unbalance(volts), 3
        yield "inb", _unbalance(amps), 3
        yield from (("pdm", sum(active), 4), ("qdm", sum(reactive), 4), ("sdm", total, 4))
        yield from ((f"i{phase}dm", value, 4) for phase, value in zip(_PHASES, amps, strict=True))

    @staticmethod
    def _line_volts(one: float, other: float) -> float:
        return sqrt(one**2 + other**2 + one * other)  # 120 degrees apart


def energy_text(
    meter_id: str,
    moment: datetime,
    tariffs: Mapping[str, float],
    *,
    reactive_kvarh: float = 0.0,
    apparent_kvah: float = 0.0,
) -> str:
    """An MQTT_ENY_NOW payload from the kWh of each tariff; with zeros it is what a ghost sends."""
    totals = [("zygsz", sum(tariffs.values())), ("fygsz", 0.0), ("zwgsz", 0.0)]
    totals += [("fwgsz", reactive_kvarh), ("zszsz", apparent_kvah)]
    pairs = [
        pair for tariff in TARIFFS for pair in ((f"zy{tariff}sz", tariffs.get(tariff, 0.0)), (f"fy{tariff}sz", 0.0))
    ]
    return _text(((key, value, 3) for key, value in totals + pairs), meter_id, moment)


def _unbalance(values: list[float]) -> float:
    mean = sum(values) / len(values)
    return max(abs(value - mean) for value in values) / mean * 100
