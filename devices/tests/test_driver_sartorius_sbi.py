"""SBI: a unit means rest, and a number without its layout is the tail of a cut line."""

from __future__ import annotations

import pytest

from devices.tests.scale_samples import scale


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"+    0.031    ", {"kind": "weight", "stable": False, "unit": "", "text": "0.031"}),
        (b"T     +    5.000 g  ", {"kind": "tare", "mode": "tare", "stable": True}),
        (b"G#    -    5.000 kg ", {"kind": "weight", "mode": "gross", "value": -5.0}),
        (b"H", {"kind": "error", "error": "overload"}),
        (b"Stat High", {"kind": "error", "error": "overload"}),
        (b"ERR 54", {"kind": "error", "error": "error_54"}),
        (b"Err. 02", {"kind": "error", "error": "error_02"}),
        (b"APP. ERR", {"kind": "error", "error": "application_error"}),
        (b"Stat DIS. ERR", {"kind": "error", "error": "display_error"}),
        (b"Stat Cal. Ext.", {"kind": "status", "status": "Cal. Ext."}),
        (b"Stat     Cal.Int.", {"kind": "status", "status": "Cal.Int."}),
        (b"SerNo.    0031801165", {"kind": "info", "serial_number": "0031801165"}),
        (b"Low battery", {"kind": "info"}),
    ],
)
def test_a_line_is_understood(line: bytes, expected: dict[str, object]) -> None:
    value = scale("sartorius-sbi").decode(line).value
    assert {name: value.get(name) for name in expected} == expected


@pytest.mark.parametrize("line", [b"79 g  ", b"   12.3 g  ", b"31    ", b"", b"+", b"N     +"])
def test_the_tail_of_a_line_is_never_a_weight(line: bytes) -> None:
    assert not scale("sartorius-sbi").decode(line).readings


@pytest.mark.parametrize("whole", [b"      123.456 g  ", b"+    123.456 g  ", b"N     +  123.456 g  "])
def test_no_tail_gives_another_weight_than_its_line(whole: bytes) -> None:
    driver = scale("sartorius-sbi")
    for start in range(len(whole)):
        for reading in driver.decode(whole[start:]).readings:
            assert reading.metric == "stable" or reading.value == 123.456


def test_commands_begin_with_escape() -> None:
    driver = scale("sartorius-sbi")
    assert {command.name: driver.encode(command.data) for command in driver.commands}["zero"] == b"\x1bV"
