"""The kpm33b codec on packets of real meters: names and units, ghosts, duplicates, split packets, wrong clocks."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridges.codecs.base import Incoming
from bridges.codecs.kpm33b import Kpm33bCodec
from bridges.codecs.kpm33b_memory import MAX_METERS, MAX_OPEN, MAX_PACKETS
from telemetry.options import OptionFault
from telemetry.values import Decoded, DecodeFault, Json

NOW = datetime(2026, 1, 12, 16, 0, 2, tzinfo=UTC)
TIME = "20260112160000"
CAPTURE = (Path(__file__).parent / "samples" / "kpm33b_eny_120.log").read_text().splitlines()
VALUES = {
    "id": "33B1225950028", "ia": 1.5, "ib": 2.5, "ic": 3.5, "ua": 230.1, "ub": 231.2, "uc": 229.9, "uab": 399.9,
    "pa": 0.3, "pfa": 0.95, "zyggl": 6.6905, "zwggl": -0.25, "zszgl": 6.7, "zglys": 0.99, "f": 50.01, "uxja": 120.0,
    "unb": 0.123, "pdm": 6.1, "iadm": 1.4, "time": TIME, "isend": "1",
}  # fmt: skip
ENERGY = {"id": "33B1225950028", "zygsz": 31.057, "fygsz": 0.0, "zyjsz": 3.119, "time": TIME, "isend": "1"}
GHOST = {key: value if key in ("id", "time", "isend") else 0.0 for key, value in ENERGY.items()}


class Meters:
    """A codec with its state, as the pipeline keeps it: through JSON, and never changed in place."""

    def __init__(self, **options: Any) -> None:
        self.codec = Kpm33bCodec(options)
        self.state: Json = None

    def take(self, payload: Any, topic: str = "MQTT_ENY_NOW", *, at: datetime = NOW) -> list[Decoded]:
        body = payload if isinstance(payload, bytes) else orjson.dumps(payload)
        before = orjson.dumps(self.state)
        state, results = self.codec.decode(self.state, Incoming(body, at, topic))
        assert orjson.dumps(self.state) == before
        self.state = orjson.loads(orjson.dumps(state)) if state is not self.state else state
        return list(results)

    def flush(self, after_s: float) -> list[Decoded]:
        self.state, results = self.codec.flush(self.state, NOW + timedelta(seconds=after_s))
        return list(results)


def numbers(decoded: Decoded) -> dict[str, float]:
    return {reading.metric: reading.value for reading in decoded.readings}


def units(decoded: Decoded) -> dict[str, str]:
    return {reading.metric: reading.unit for reading in decoded.readings}


def replay(lines: list[str], meters: Meters) -> dict[str, list[tuple[str, float]]]:
    series: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for line in lines:
        topic, payload = line.split(" ", 1)
        for decoded in meters.take(payload.encode(), topic):
            series[decoded.device].append((decoded.value["time"], numbers(decoded)["active_energy"]))
    return dict(series)


def test_the_capture_gives_exactly_the_clean_series() -> None:
    """What it must be is told here by another way: the last digits apart, each real packet once, in order."""
    expected: dict[str, dict[str, float]] = defaultdict(dict)
    for line in CAPTURE:
        packet = json.loads(line.partition(" ")[2])
        if packet["zygsz"]:
            expected[packet["id"]].setdefault(packet["time"], packet["zygsz"])
    series = replay(CAPTURE, Meters())
    assert series == {meter: list(values.items()) for meter, values in expected.items()}
    assert {meter[-2:]: len(values) for meter, values in series.items()} == {"27": 12, "28": 13, "29": 12}
    assert (series["33B1225950028"][0], series["33B1225950029"][0][1]) == (("20260113003000", 31.057), 119.089)


def test_the_clean_series_has_no_gap_and_never_falls() -> None:
    for series in replay(CAPTURE, Meters()).values():
        times = [datetime.strptime(time, "%Y%m%d%H%M%S") for time, _ in series]  # noqa: DTZ007 - the meters name no zone
        assert {later - earlier for earlier, later in pairwise(times)} == {timedelta(minutes=15)}
        energies = [energy for _, energy in series]
        assert energies == sorted(energies)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(0, len(CAPTURE) - 1), max_size=30))
def test_packets_that_come_once_more_change_nothing(places: list[int]) -> None:
    doubled = [line for place, line in enumerate(CAPTURE) for _ in range(1 + places.count(place))]
    assert replay(doubled, Meters()) == replay(CAPTURE, Meters())


def test_electrical_values_get_english_names_and_units() -> None:
    (decoded,) = Meters().take(VALUES, "MQTT_RT_DATA")
    assert decoded.value == VALUES
    assert decoded.device == "33B1225950028"
    assert numbers(decoded) == {
        "current_l1": 1.5, "current_l2": 2.5, "current_l3": 3.5, "voltage_l1": 230.1, "voltage_l2": 231.2,
        "voltage_l3": 229.9, "voltage_l1_l2": 399.9, "active_power_l1": 0.3, "power_factor_l1": 0.95,
        "active_power": 6.6905, "reactive_power": -0.25, "apparent_power": 6.7, "power_factor": 0.99,
        "frequency": 50.01, "voltage_angle_l1": 120.0, "voltage_unbalance": 0.123, "active_power_demand": 6.1,
        "current_demand_l1": 1.4,
    }  # fmt: skip
    said = units(decoded)
    assert [said[name] for name in ("current_l1", "voltage_l1", "voltage_l1_l2")] == ["A", "V", "V"]
    assert [said[f"{name}_power"] for name in ("active", "reactive", "apparent")] == ["kW", "kvar", "kVA"]
    assert [said[name] for name in ("power_factor", "frequency", "voltage_unbalance")] == ["", "Hz", "%"]


def test_energy_counters_get_english_names_and_units() -> None:
    payload = json.loads(CAPTURE[2].partition(" ")[2])
    (decoded,) = Meters().take(payload)
    assert list(units(decoded).items()) == [
        ("active_energy", "kWh"), ("active_energy_export", "kWh"), ("reactive_energy", "kvarh"),
        ("reactive_energy_export", "kvarh"), ("apparent_energy", "kVAh"), ("active_energy_t1", "kWh"),
        ("active_energy_export_t1", "kWh"), ("active_energy_t2", "kWh"), ("active_energy_export_t2", "kWh"),
        ("active_energy_t3", "kWh"), ("active_energy_export_t3", "kWh"), ("active_energy_t4", "kWh"),
        ("active_energy_export_t4", "kWh"), ("active_energy_t5", "kWh"), ("active_energy_export_t5", "kWh"),
    ]  # fmt: skip
    found = numbers(decoded)
    assert sum(found[f"active_energy_t{tariff}"] for tariff in range(1, 6)) == pytest.approx(
        found["active_energy"], abs=0.003
    )


def test_keys_of_siblings_are_known() -> None:
    packet = {
        "id": "37", "zy6sz": 1.0, "uathd": 2.5, "icthd": 3.5, "ibxbl5": 0.5, "iaxb3": 0.25, "U0": 0.1, "I-": 0.2,
        "UXJA": 119.0, "ig": 0.03, "ta": 41.0, "tn": 40.0, "u": 230.0, "sydn": 12.5, "dmpmax": 5.0,
        "dmpmaxoct": 1700000000, "time": TIME, "isend": "1",
    }  # fmt: skip
    (decoded,) = Meters().take(packet, "MQTT_RT_DATA")
    assert numbers(decoded) == {
        "active_energy_t6": 1.0, "voltage_thd_l1": 2.5, "current_thd_l3": 3.5, "current_harmonic_5_ratio_l2": 0.5,
        "current_harmonic_3_l1": 0.25, "voltage_zero_sequence": 0.1, "current_negative_sequence": 0.2,
        "voltage_angle_l1": 119.0, "residual_current": 0.03, "temperature_l1": 41.0, "temperature_n": 40.0,
        "voltage": 230.0, "prepaid_energy_left": 12.5, "active_power_demand_max": 5.0,
    }  # fmt: skip


def test_other_spellings_and_values_in_text_are_read() -> None:
    (decoded,) = Meters().take({"MN": "31B1", "Ts": TIME, "Ua": "230.5", "PFa": "0.9", "Zyggl": 1}, "MQTT_RT_DATA")
    assert (decoded.device, decoded.time) == ("31B1", NOW.replace(second=0))
    assert numbers(decoded) == {"voltage_l1": 230.5, "power_factor_l1": 0.9, "active_power": 1.0}


def test_what_is_unknown_keeps_its_name_and_nonsense_is_left_out() -> None:
    (decoded,) = Meters().take({**VALUES, "newkey": 5, "word": "x7", "temp": -176.637, "f": None}, "MQTT_RT_DATA")
    found = numbers(decoded)
    assert found["newkey"] == 5.0
    assert not {"word", "temperature", "frequency"} & found.keys()


@pytest.mark.parametrize("order", [("real", "ghost", "real"), ("ghost", "real", "real"), ("real", "real", "ghost")])
def test_a_ghost_never_hides_or_follows_the_real_packet(order: tuple[str, ...]) -> None:
    meters = Meters()
    results = [decoded for one in order for decoded in meters.take(ENERGY if one == "real" else GHOST)]
    assert [numbers(decoded)["active_energy"] for decoded in results] == [31.057]


def test_zero_electrical_values_are_a_ghost_also_of_a_new_meter() -> None:
    ghost = {"id": "m", "ua": "0.0", "ia": 0, "time": TIME, "isend": "1"}
    assert Meters(new_ids="m").take(ghost, "MQTT_RT_DATA") == []


def test_a_new_meter_may_count_from_zero_until_it_has_counted() -> None:
    meters = Meters(new_ids="other, 33B1225950028")
    assert len(meters.take(GHOST)) == 1
    assert len(meters.take({**ENERGY, "time": "20260112161500"})) == 1
    assert meters.take({**GHOST, "time": "20260112163000"}) == []


def test_a_duplicate_may_differ_in_its_last_digit() -> None:
    meters = Meters()
    assert len(meters.take({**ENERGY, "fwgsz": 58.382})) == 1
    assert meters.take({**ENERGY, "fwgsz": 58.383}) == []


def test_the_two_kinds_of_packets_share_their_times() -> None:
    meters = Meters()
    assert len(meters.take(ENERGY)) == 1
    assert len(meters.take(VALUES, "MQTT_RT_DATA")) == 1


def test_a_clock_that_begins_anew_says_no_duplicates() -> None:
    meters = Meters()
    assert len(meters.take(ENERGY)) == 1
    assert meters.take(ENERGY, at=NOW + timedelta(minutes=29)) == []
    assert len(meters.take({**ENERGY, "zygsz": 31.2}, at=NOW + timedelta(minutes=60))) == 1


def test_a_bridge_may_put_something_before_the_topic_or_rename_it() -> None:
    meters = Meters()
    assert numbers(meters.take(ENERGY, "site/1/mqtt_eny_now")[0])["active_energy"] == 31.057
    assert meters.take(ENERGY, "renamed") == []
    assert numbers(meters.take(VALUES, "renamed")[0])["active_power"] == 6.6905


def part(end: str, **values: Any) -> dict[str, Any]:
    return {"id": "37", **values, "time": TIME, "isend": end}


def test_parts_are_put_together_and_given_out_with_the_last() -> None:
    meters = Meters()
    assert meters.take(part("0", ua=230.0, ub=231.0), "MQTT_RT_DATA") == []
    assert meters.take(part("0", fy=0.0), "MQTT_RT_DATA") == []
    assert len(meters.take({**part("0", ua=5.0), "id": "38"}, "MQTT_RT_DATA")) == 0
    (decoded,) = meters.take(part("1", zyggl=1.5), "MQTT_RT_DATA")
    assert decoded.value == {"id": "37", "ua": 230.0, "ub": 231.0, "time": TIME, "isend": "1", "fy": 0.0, "zyggl": 1.5}
    assert numbers(decoded) == {"voltage_l1": 230.0, "voltage_l2": 231.0, "fy": 0.0, "active_power": 1.5}


def test_a_part_that_comes_after_the_last_is_given_out_by_itself_once() -> None:
    meters = Meters()
    meters.take(part("1", zygsz=5.0))
    (decoded,) = meters.take(part("0", zygsz=5.0, zyjsz=2.0))
    assert numbers(decoded) == {"active_energy_t1": 2.0}
    assert meters.take(part("0", zyjsz=2.0)) == []
    assert [numbers(one) for one in meters.take(part("1", zyvsz=0.0, zydvsz=0.0))] == [
        {"active_energy_t4": 0.0, "active_energy_t5": 0.0}
    ]


def test_a_ghost_between_two_parts_is_no_part() -> None:
    meters = Meters()
    meters.take(part("0", zygsz=5.0))
    assert meters.take(part("1", zygsz=0.0, zyjsz=0.0)) == []
    (decoded,) = meters.take(part("1", zyjsz=2.0))
    assert numbers(decoded) == {"active_energy": 5.0, "active_energy_t1": 2.0}


def test_parts_whose_last_never_comes_are_given_out_after_a_while() -> None:
    meters = Meters(part_timeout_s=10)
    meters.take(part("0", zygsz=5.0))
    held = meters.state
    assert meters.flush(9) == []
    assert meters.state is held
    assert [numbers(one) for one in meters.flush(11)] == [{"active_energy": 5.0}]
    assert [numbers(one) for one in meters.take(part("1", zyjsz=2.0))] == [{"active_energy_t1": 2.0}]
    assert meters.flush(60) == []


def test_a_clock_that_is_years_off_is_said_to_be_wrong() -> None:
    (decoded,) = Meters().take({**ENERGY, "time": "20050113171500"})
    assert decoded.is_clock_wrong is True
    assert decoded.time == datetime(2005, 1, 13, 17, 15, tzinfo=UTC)
    (decoded,) = Meters(clock_tolerance_s=10**9).take({**ENERGY, "time": "20050113171500"})
    assert decoded.is_clock_wrong is False


@pytest.mark.parametrize("zone", ["Europe/Vienna", "+01:00", "UTC+1"])
def test_the_zone_of_the_meters_clock_is_an_option(zone: str) -> None:
    (decoded,) = Meters(zone=zone, clock_tolerance_s=60).take({**ENERGY, "time": "20260112170000"})
    assert (decoded.time, decoded.is_clock_wrong) == (NOW.replace(second=0), False)


def test_a_time_that_is_none_costs_no_values() -> None:
    for time in ("20261399000000", "", None, [1]):
        (decoded,) = Meters().take({**ENERGY, "time": time})
        assert (decoded.time, decoded.is_clock_wrong, numbers(decoded)["active_energy"]) == (None, False, 31.057)
    assert Meters().take({**GHOST, "time": ""}) == []


def test_excluded_meters_say_nothing() -> None:
    meters = Meters(excluded_ids=" 33B120000000 ,33B1225950028")
    assert meters.take(ENERGY) == []
    assert meters.state is None


@pytest.mark.parametrize(
    ("topic", "payload", "device"),
    [
        ("MQTT_COMMOD_SET_REP", {"id": "33B1", "oprid": "0" * 32, "code": "01"}, "33B1"),
        ("MQTT_METER_TIME_REP", {"id": "33B1", "oprid": "0" * 32, "code": "02", "msg": "x"}, "33B1"),
        ("MQTT_DAY_DATA", {"id": "37", "zygdd": 5.0, "time": TIME, "isend": "1"}, "37"),
        ("MQTT_TELEIND", {"id": "37", "di1": 1, "time": TIME}, "37"),
        ("MQTT_SETTIME_25950028", {"oprid": "0" * 32, "time": TIME}, ""),
        ("renamed", {"oprid": "0" * 32, "do1": "1"}, ""),
    ],
)
def test_replies_commands_and_daily_values_come_through_without_readings(topic: str, payload: Any, device: str) -> None:
    (decoded,) = Meters().take(payload, topic)
    assert (decoded.value, decoded.readings, decoded.device) == (payload, (), device)


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (b"[1]", "JSON object"),
        (b'{"zygsz": 1}', "id is missing"),
        (b'{"id": true, "zygsz": 1}', "id is missing"),
        (b'{"id": "a\\u0000"}', "visible"),
        (b"{", "not JSON"),
        (orjson.dumps({"id": "a", "x": "y" * 9000}), "8,192 bytes"),
    ],
)
def test_what_is_no_packet_is_refused(payload: bytes, said: str) -> None:
    with pytest.raises(DecodeFault, match=said):
        Meters().take(payload)


def test_endless_parts_are_refused() -> None:
    meters = Meters()
    meters.take(part("0", a="x" * 8000))
    meters.take(part("0", b="x" * 8000))
    with pytest.raises(DecodeFault, match="16,384 bytes"):
        meters.take(part("0", c="x" * 8000))


def test_a_wrong_zone_is_refused() -> None:
    for zone in ("Mars/Olympus", "+25:00", ""):
        with pytest.raises(OptionFault, match="zone"):
            Kpm33bCodec({"zone": zone})


def test_packets_meters_and_parts_are_remembered_within_bounds() -> None:
    meters = Meters()
    for minute in range(50):
        meters.take({**ENERGY, "time": str(int(TIME) + minute * 100)})
    assert len(meters.state["meters"]["MQTT_ENY_NOW|33B1225950028"]["times"]) == MAX_PACKETS
    for number in range(MAX_METERS):
        meters.state, _ = meters.codec.decode(
            meters.state, Incoming(orjson.dumps({**ENERGY, "id": f"m{number}"}), NOW, "MQTT_ENY_NOW")
        )
    assert len(meters.state["meters"]) == MAX_METERS
    results = [one for n in range(MAX_OPEN + 5) for one in meters.take({**part("0", zygsz=1.0), "id": f"p{n}"})]
    assert len(meters.state["open"]) == MAX_OPEN
    assert [one.device for one in results] == [f"p{n}" for n in range(5)]


packets = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["a", "b", 5, None]),
        "time": st.sampled_from([TIME, "20260112161500", "x", 7]),
        "isend": st.sampled_from(["0", "1", 0, None]),
        "zygsz": st.floats(0, 9) | st.just(0) | st.text(max_size=3),
        "ua": st.sampled_from([0, 230, "0", [], {}]),
        "UA": st.integers(0, 3),
    },
)
topics = st.sampled_from(["MQTT_ENY_NOW", "MQTT_RT_DATA", "MQTT_DAY_DATA", "x", ""])


@settings(deadline=None)
@given(st.lists(st.tuples(topics, packets.map(orjson.dumps) | st.binary(max_size=30)), max_size=20), st.booleans())
def test_whatever_comes_is_decoded_dropped_or_refused(payloads: list[tuple[str, bytes]], ends: bool) -> None:
    meters = Meters()
    for topic, payload in payloads:
        try:
            results = meters.take(payload, topic)
        except DecodeFault:
            continue
        for decoded in results:
            orjson.dumps(decoded.value)
            assert not decoded.readings or decoded.device
    if ends:
        meters.flush(60)
        assert not (meters.state or {"open": {}})["open"]


@settings(deadline=None)
@given(st.recursive(st.none() | st.integers() | st.text(max_size=3), lambda i: st.dictionaries(st.text(max_size=6), i)))
def test_the_state_of_another_codec_is_as_good_as_none(state: Json) -> None:
    _, results = Kpm33bCodec().decode(state, Incoming(orjson.dumps(ENERGY), NOW, "MQTT_ENY_NOW"))
    assert len(results) == 1
    assert Kpm33bCodec().flush(state, NOW) == (state, [])
