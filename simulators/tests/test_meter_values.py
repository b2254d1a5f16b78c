"""What the simulated meter writes, against what real meters write."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from random import Random

from simulators.meter_values import MeterValues, energy_text

NOW = datetime(2026, 1, 12, 16, 39, tzinfo=UTC)
REAL_REALTIME_KEYS = (  # noqa: SIM905 - one word a key reads better
    "id ia ib ic ua ub uc uab ubc uca pa pb pc zyggl qa qb qc zwggl sa sb sc zszgl pfa pfb pfc zglys f "
    "uxja uxjb uxjc ixja ixjb ixjc unb inb pdm qdm sdm iadm ibdm icdm time isend"
).split()
REAL_ENERGY_KEYS = (  # noqa: SIM905
    "id zygsz fygsz zwgsz fwgsz zszsz zyjsz fyjsz zyfsz fyfsz zypsz fypsz zyvsz fyvsz zydvsz fydvsz time isend"
).split()


def test_a_realtime_packet_has_the_keys_and_decimals_of_a_real_one() -> None:
    text = MeterValues(Random(1)).realtime("33B1225950028", NOW)
    packet = json.loads(text)
    assert list(packet) == REAL_REALTIME_KEYS
    assert (packet["id"], packet["time"], packet["isend"]) == ("33B1225950028", "20260112163900", "1")
    assert re.search(r'"ia":\d+\.\d{3},', text)
    assert re.search(r'"zyggl":\d+\.\d{4},', text)
    assert re.search(r'"icdm":\d+\.\d{4},', text)


def test_its_values_fit_together() -> None:
    packet = json.loads(MeterValues(Random(1)).realtime("33B1225950028", NOW))
    assert abs(packet["pa"] + packet["pb"] + packet["pc"] - packet["zyggl"]) < 0.001
    assert abs(packet["ua"] * packet["ia"] / 1000 - packet["sa"]) < 0.001
    assert 220 < packet["ua"] < 240
    assert 380 < packet["uab"] < 420
    assert packet["zwggl"] < 0  # capacitive, as measured


def test_an_energy_packet_has_the_keys_of_a_real_one_and_its_tariffs_add_up() -> None:
    packet = json.loads(MeterValues(Random(1)).energy("33B1225950028", NOW))
    assert list(packet) == REAL_ENERGY_KEYS
    tariffs = sum(packet[f"zy{tariff}sz"] for tariff in ("j", "f", "p", "v", "dv"))
    assert abs(tariffs - packet["zygsz"]) < 0.003


def test_the_counters_rise_with_the_power_and_never_fall() -> None:
    values = MeterValues(Random(1), usual_kw=6.0)
    moments = [NOW + timedelta(minutes=minutes) for minutes in range(0, 24 * 60, 15)]
    totals = [json.loads(values.energy("33B1225950028", moment))["zygsz"] for moment in moments]
    assert totals == sorted(totals)
    assert 100 < totals[-1] - totals[0] < 190  # 6 kW for a day


def test_a_clock_that_jumps_adds_no_energy() -> None:
    values = MeterValues(Random(1))
    before = json.loads(values.energy("33B1225950028", NOW))["zygsz"]
    for jump in (timedelta(days=-7000), timedelta(days=7000)):
        assert json.loads(values.energy("33B1225950028", NOW + jump))["zygsz"] == before


def test_equal_seeds_give_equal_packets() -> None:
    assert MeterValues(Random(3)).realtime("x", NOW) == MeterValues(Random(3)).realtime("x", NOW)


def test_a_ghost_is_all_zero() -> None:
    ghost = json.loads(energy_text("33B1225950029", NOW, {}))
    assert list(ghost) == REAL_ENERGY_KEYS
    assert {value for key, value in ghost.items() if key not in ("id", "time", "isend")} == {0.0}
