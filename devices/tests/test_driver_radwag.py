"""Radwag: one command, two lines; a marker before the sign says whether the pan rests."""

from __future__ import annotations

import pytest

from devices.drivers.commands import Part
from devices.tests.scale_samples import scale


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"SI  ?     18.532 kg ", {"kind": "weight", "stable": False, "value": 18.532, "command": "SI"}),
        (b"S   ^     9999.9 g  ", {"kind": "error", "error": "overload"}),
        (b"OT         1.000 kg ", {"kind": "tare"}),
        (b"S v", {"kind": "error", "error": "underload"}),
        (b"S E", {"kind": "error", "error": "no_stability_timeout", "command": "S"}),
        (b"T D", {"kind": "ack", "command": "T", "says": "done"}),
        (b"ES", {"kind": "error", "error": "syntax_error"}),
        (b'NB A "1234567"', {"kind": "info", "serial_number": "1234567"}),
        (b"-      8.5 g  ", {"kind": "fragment"}),
        (b"S    8.5 g  ", {"kind": "fragment"}),  # bytes in the middle were lost
    ],
)
def test_a_line_is_understood(line: bytes, expected: dict[str, object]) -> None:
    value = scale("radwag").decode(line).value
    assert {name: value.get(name) for name in expected} == expected


def test_taken_is_not_the_whole_answer_but_a_refusal_is() -> None:
    driver = scale("radwag")
    assert driver.answer_part(b"S", b"S A", seen=0) is Part.MORE
    assert driver.answer_part(b"S", b"S    -      8.5 g  ", seen=1) is Part.LAST
    assert driver.answer_part(b"S", b"S I", seen=0) is Part.LAST
    assert driver.answer_part(b"Z", b"Z D", seen=1) is Part.LAST


def test_an_immediate_weight_comes_alone() -> None:
    driver = scale("radwag")
    assert driver.answer_part(b"SI", b"SI  ?     18.532 kg ", seen=0) is Part.LAST
    assert driver.answer(b"SI").lines == 1
    assert driver.answer(b"S").lines == 2
