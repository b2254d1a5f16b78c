"""What the test runner of packs sees, and that it ends whatever a pack says."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridges.packs.bench import Bench
from bridges.packs.expectation import EXPECTATIONS, Outcome, differences
from bridges.packs.filling import filled_config, tried_values
from bridges.packs.reading import read_pack
from bridges.packs.testing import failures, run_tests
from bridges.tests.packs import PACK, changed
from telemetry.values import Reading


def problems(text: str) -> list[str]:
    """What fails, in words."""
    return [problem for result in run_tests(read_pack(text.encode())) for problem in result.problems]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("kind: weight", "kind: error", 'value.kind is "weight", not "error"'),
        ("stable: 1}", "stable: 1, tare: 2 g}", "the reading tare is missing"),
        (", stable: 1", "", "a reading stable of 1 is not expected"),
        ("topic: lab/scale/weight", "topic: lab/other", "the topic of what is published is"),
        ("qos: 2, broker", "qos: 1, broker", "the qos of what is published is 2, not 1"),
        ("unit: g}, qos", "unit: kg}, qos", "is published, not"),
        ('{weight: "-12.34", unit: g}', '{unit: g, weight: "-12.34"}', "is published, not"),
        ("kind: weight", "kind: weight\n      not_a_measurement: true", "it has readings"),
        ("kind: weight", "kind: weight\n      nothing: true", "it came to"),
        ("kind: weight", "kind: weight\n      device: other", "it belongs to 'scale', not to 'other'"),
        ("kind: weight", "kind: weight\n      time: 2026-01-01T00:00:00Z", "the device's time is not told"),
        ("kind: weight", "kind: weight\n      refused: nonsense", "it should be refused"),
        ("kind: weight", "kind: weight\n      writes: [{device: scale}]", "0 writes are made, not 1"),
        ("kind: weight", "kind: weight\n      events: [alarm]", 'the events are [], not ["alarm"]'),
        ("command: tare", "command: dance", "scale has no command 'dance'"),
        ("command: tare", "topic: a/b", "no topic of the pack subscribes to a/b"),
        ("command: tare", 'asked: "\\x10\\x04\\x01"', "is not asked for its status"),
        ('line: " -', 'device: other\n    line: " -', "no serial device 'other'"),
        ("readings.stable == 1.0", "payload.text > 1.0", "it was refused"),
        ("readings.stable == 1.0", "nonsense(", ""),
        ('publish: "{setting.device}-weight"', 'write: "other"', "the pack has no device 'other'"),
    ],
)
def test_each_difference_is_told_in_words(old: str, new: str, words: str) -> None:
    found = problems(changed(old, new))
    assert found
    assert any(words in problem for problem in found), found


def test_a_write_to_a_device_without_a_driver_is_told() -> None:
    text = changed("  topics:\n", '    - {name: mute, driver: ""}\n  topics:\n')
    text = text.replace('publish: "{setting.device}-weight"', "write: mute, raw: true")
    assert problems(text) == ["the rule 'scale weights' writes to a device without a driver"]


@pytest.mark.parametrize("part", ["filled_config", "Bench", "differences"])
def test_whatever_fails_in_a_test_is_its_problem_and_breaks_nothing(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any) -> None:
        raise RuntimeError("the very thing")

    monkeypatch.setattr(f"bridges.packs.testing.{part}", fail)
    assert problems(PACK) == ["it cannot be run: RuntimeError: the very thing"] * 2


def test_years_of_waiting_are_a_problem_and_no_end() -> None:
    steps = "    steps:\n" + "      - wait_s: 999999999\n" * 300
    assert (
        "it cannot be run: OverflowError" in problems(changed("    command: tare\n    expect: {sends: t}\n", steps))[0]
    )


def test_a_wrong_pack_cannot_run_for_ever() -> None:
    ticks = count(0, 4)
    results = run_tests(read_pack(PACK.encode()), clock=lambda: float(next(ticks)))
    assert [problem for result in results for problem in result.problems][-1] == (
        "it was not run: the tests took too long"
    )


def test_a_long_log_ends_with_the_time() -> None:
    log = "    log: |\n" + "      lab/x 1\n" * 50
    text = changed("    command: tare\n    expect: {sends: t}", f"{log}    expect: {{nothing: true}}")
    text = text.replace("direction: out", "direction: in").replace("lab/{device}/weight", "lab/x")
    text = text.partition("  rules:")[0] + text[text.index("tests:") :]
    ticks = count(0, 0.5)
    results = run_tests(read_pack(text.encode()), clock=lambda: next(ticks))
    assert results[-1].problems == ("it took too long",)


def outcome_with_everything() -> Outcome:
    """A reading, a publication, a write and an event."""
    pack = read_pack(PACK.encode())
    bench = Bench(filled_config(pack, tried_values(pack)[0]).config)
    (sent,) = bench.serial("", b" -     12.34 g  \r\n", datetime(2026, 1, 1, tzinfo=UTC)).deliveries
    return Outcome(
        values=[{"kind": "weight"}],
        devices=["scale"],
        readings=[Reading("weight", 1.0, "g")],
        deliveries=[sent, sent._replace(kind="write"), sent._replace(kind="event")],
        wire={sent.id: b"bytes"},
        sends=b"t",
        standing="",
    )


EVERYTHING = outcome_with_everything()
ANYTHING = st.recursive(st.none() | st.booleans() | st.integers() | st.text(st.characters(), max_size=5), st.lists)
KEYS = st.sampled_from(["weight", "topic", "payload", "qos", "device", "text", "bytes", "contains"])


@given(st.sampled_from(sorted(EXPECTATIONS)), ANYTHING, KEYS)
def test_no_expectation_makes_the_comparison_fail_in_another_way(name: str, wanted: Any, key: str) -> None:
    outcome = EVERYTHING
    for expected in (wanted, {key: wanted}, [wanted], [{key: wanted}]):
        assert all(isinstance(text, str) for text in differences({name: expected}, outcome))


def test_the_small_pack_passes() -> None:
    assert failures(run_tests(read_pack(PACK.encode()))) == []
