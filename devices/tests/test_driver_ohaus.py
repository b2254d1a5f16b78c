"""OHAUS: right-aligned numbers, a question mark while they move."""

from __future__ import annotations

import pytest

from devices.tests.scale_samples import scale


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"    12.340 kg   ? NT", {"kind": "weight", "stable": False, "mode": "NT"}),
        (b"      25 PCS", {"kind": "fragment"}),  # seven columns: it may have lost digits
        (b"       25 PCS", {"kind": "count", "unit": "pcs", "stable": True}),
        (b"    12.34 g    T", {"kind": "tare"}),
        (b"   192.21 g 12:30:01", {"kind": "weight", "value": 192.21}),
        (b"OK!", {"kind": "ack"}),
        (b"SR 1.21", {"kind": "info", "command": "PV"}),
        (b"2.21 g", {"kind": "fragment"}),
        (b"     1.50 ", {"kind": "fragment"}),
        (b"Scout Pro", {"kind": "info"}),
    ],
)
def test_a_line_is_understood(line: bytes, expected: dict[str, object]) -> None:
    value = scale("ohaus").decode(line).value
    assert {name: value.get(name) for name in expected} == expected


def test_a_tail_never_gives_another_weight_than_its_line() -> None:
    whole = b"     192.21 g ?"
    for start in range(len(whole)):
        for reading in scale("ohaus").decode(whole[start:]).readings:
            assert reading.metric == "stable" or reading.value == 192.21


def test_it_waits_as_long_as_the_scale_does_for_rest() -> None:
    driver = scale("ohaus")
    assert driver.answer(b"SP").timeout_s == 40.0
    assert driver.answer(b"IP").timeout_s == 2.0
