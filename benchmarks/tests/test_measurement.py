"""How runs become figures, floors and a table. Nothing is timed here."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.ingest import Load
from benchmarks.measurement import Figure, Floor, Measurement, Result, Sample, Size, percentile
from benchmarks.selection import all_measurements, chosen
from benchmarks.soak import slope


def nothing(size: Size) -> Sample:
    return {}


def test_the_median_counts_against_the_floor() -> None:
    figure = Figure("stored/s", [9_000, 100, 8_500], Floor("stored/s", 8_000))
    assert (figure.median, figure.is_met) == (8_500, True)
    assert Figure("stored/s", [100, 7_999, 9_000], Floor("stored/s", 8_000)).is_met is False


def test_a_ceiling_must_not_be_reached() -> None:
    floor = Floor("p99 ms", 10, is_ceiling=True)
    assert (floor.is_met_by(9.9), floor.is_met_by(10)) == (True, False)


def test_a_percentile_is_one_of_the_values() -> None:
    assert percentile([5, 1, 3, 2, 4], 0.5) == 3
    assert percentile([1, 2], 0.99) == 2
    assert percentile([7], 0.99) == 7


def test_the_slope_of_a_line_is_found() -> None:
    assert slope([(0, 1), (1, 3), (2, 5)]) == pytest.approx(2)
    assert slope([(1, 1)]) == 0


def test_a_load_has_as_many_matching_messages_as_it_says() -> None:
    for every in (0, 1, 100):
        load = Load(1_000, every)
        assert sum(b'"power":512.5' in payload for payload in load.payloads()) == load.matching


def test_names_choose_by_their_beginning_and_unknown_ones_are_told() -> None:
    assert {one.name for one in chosen(["serial"])} == {"serial-latency-postgresql", "serial-latency-sqlite"}
    assert chosen([]) == all_measurements()
    with pytest.raises(SystemExit, match="nonsense"):
        chosen(["nonsense"])


def test_the_table_and_the_file_tell_what_was_missed_and_what_broke(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    slow = Measurement("slow", "", nothing, floors=(Floor("rate/s", 10),))
    results = [Result(slow, [{"rate/s": 5.0}]), Result(Measurement("broken", "", nothing), fault="run 1: no broker")]
    said = report.table(results)
    assert "MISSED" in said
    assert "BROKE: run 1: no broker" in said
    kept = json.loads(report.write(results, {"cores": "2"}).read_text())
    assert kept["machine"] == {"cores": "2"}
    assert kept["results"]["slow"]["figures"]["rate/s"]["is_met"] is False
    assert kept["results"]["broken"]["fault"] == "run 1: no broker"
