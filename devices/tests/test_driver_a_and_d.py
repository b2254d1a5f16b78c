"""A&D: the two letters in front decide."""

from __future__ import annotations

import pytest

from devices.tests.scale_samples import scale


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"WT,+00012.34  g", {"kind": "weight", "stable": None, "text": "12.34", "decimals": 2}),
        (b"US,LO,-0001.000 kg", {"kind": "weight", "stable": False, "comparison": "LO", "value": -1.0}),
        (b"OL,+9999999E+19", {"kind": "error", "error": "overload"}),
        (b"EC,E01", {"kind": "error", "error": "E01"}),
        (b"\x06", {"kind": "ack"}),
        (b"LAB-0123", {"kind": "info"}),
        (b"ST,+00ST,+0013.544  g", {"kind": "fragment"}),
        (b"ST,0013.544  g", {"kind": "fragment"}),
        (b"0013.544  g", {"kind": "fragment"}),
    ],
)
def test_a_line_is_understood(line: bytes, expected: dict[str, object]) -> None:
    value = scale("and").decode(line).value
    assert {name: value.get(name) for name in expected} == expected


def test_no_tail_of_a_line_is_a_weight() -> None:
    whole = b"ST,+0013.544  g"
    assert not any(scale("and").decode(whole[start:]).readings for start in range(1, len(whole)))


def test_pieces_are_a_count() -> None:
    (reading, stable) = scale("and").decode(b"QT,+00001234 PC").readings
    assert (reading.metric, reading.value, reading.unit, stable.value) == ("count", 1234.0, "PC", 1.0)
