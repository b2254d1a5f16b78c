"""CAS and its many relatives: the same words with and without commas and blanks."""

from __future__ import annotations

import pytest

from devices.tests.scale_samples import scale


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"ST,NT,-  0.05,kg", {"kind": "weight", "value": -0.05, "mode": "net", "unit": "kg"}),
        (b"ST,TR,+   0.250kg", {"kind": "tare", "mode": "tare"}),
        (b"St,G  +   1.234 kg", {"kind": "weight", "mode": "gross", "stable": True}),
        (b"10PCS", {"kind": "count", "value": 10.0, "unit": "pcs"}),
        (b"OL,GS,+ 9999kg", {"kind": "error", "error": "overload"}),
        (b"wn-0007.50kg", {"kind": "weight", "text": "-7.50", "stable": None}),
        (b"ST,GS,+   1.2ST,GS,+   1.250kg", {"kind": "fragment"}),
        (b"+   1.250kg", {"kind": "fragment"}),
        (b"CI-2001A", {"kind": "info"}),
    ],
)
def test_a_line_is_understood(line: bytes, expected: dict[str, object]) -> None:
    value = scale("cas").decode(line).value
    assert {name: value.get(name) for name in expected} == expected


def test_no_tail_of_a_line_is_a_weight() -> None:
    whole = b"ST,GS,+   1.250kg"
    assert not any(scale("cas").decode(whole[start:]).readings for start in range(1, len(whole)))
