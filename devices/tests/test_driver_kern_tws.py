"""KERN scales of single letters: columns decide, and a lost unit means movement."""

from __future__ import annotations

import pytest

from devices.tests.scale_samples import scale


@pytest.mark.parametrize(
    ("line", "text", "unit", "is_stable"),
    [
        (b"      12.340 g  ", "12.340", "g", True),
        (b"M      0.000 kg ", "0.000", "kg", True),
        (b" -     1.500    ", "-1.500", "", False),
        (b" -     1.500", "-1.500", "", False),  # a converter took the blanks at the end off
        (b"        99.5 %  ", "99.5", "%", True),
    ],
)
def test_a_unit_means_rest(line: bytes, text: str, unit: str, is_stable: bool) -> None:
    value = scale("kern-tws").decode(line).value
    assert (value["kind"], value["text"], value["unit"], value["stable"]) == ("weight", text, unit, is_stable)


@pytest.mark.parametrize(
    "line",
    [
        b"12.340 g  ",  # the tail of a line
        b"   12.340 g  ",
        b" -     12.3",  # its head
        b"      12.340 g  .340 g  ",
        b"     12.340 g  ",  # one column lost
        b"",
        b"      12,340 g  ",
    ],
)
def test_a_line_that_lost_a_byte_is_a_fragment(line: bytes) -> None:
    assert scale("kern-tws").decode(line).value["kind"] == "fragment"


def test_pieces_are_counted() -> None:
    decoded = scale("kern-tws").decode(b"         250 pcs")
    assert decoded.value["kind"] == "count"
    assert decoded.readings[0].metric == "count"


def test_a_comma_is_understood_if_configured() -> None:
    assert scale("kern-tws", decimal_comma=True).decode(b"      12,340 g  ").value["value"] == 12.34


@pytest.mark.parametrize("line", [b"           Error", b"       Error", b"  =Overload=  "])
def test_errors_of_both_lengths_are_events(line: bytes) -> None:
    decoded = scale("kern-tws").decode(line)
    assert decoded.value["kind"] == "error"
    assert not decoded.readings


def test_commands_are_single_bytes() -> None:
    driver = scale("kern-tws")
    assert {command.name: driver.encode(command.data) for command in driver.commands} == {
        "print": b"w",
        "stable": b"s",
        "tare": b"t",
    }
