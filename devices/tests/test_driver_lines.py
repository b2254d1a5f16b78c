"""The driver for text lines: what is a reading, what is only text, and what goes out."""

from __future__ import annotations

from math import isfinite

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.drivers.lines import LinesDriver
from devices.framing import Frame
from telemetry.options import OptionFault
from telemetry.values import DecodeFault, Reading


@pytest.mark.parametrize(
    ("line", "value", "unit"),
    [
        (b"  12.340 g", 12.34, "g"),
        (b"ST,GS 1.000KG", 1.0, "KG"),
        (b"US,GS 1.342KG", 1.342, "KG"),
        (b"ST,+00012.34  g", 12.34, "g"),
        (b"ST,NT,-  0.05,kg", -0.05, "kg"),
        (b"S S     100.00 g", 100.0, "g"),
        (b"S D   -12.345 kg", -12.345, "kg"),
        (b"-   12.3", -12.3, ""),
        (b"10PCS", 10.0, "PCS"),
        ("21.5 °C".encode(), 21.5, "°C"),
        (b"47 %", 47.0, "%"),
        (b"3.2 m/s", 3.2, "m/s"),
    ],
)
def test_a_number_with_an_optional_unit_is_a_reading(line: bytes, value: float, unit: str) -> None:
    decoded = LinesDriver().decode(line)
    assert decoded.readings == (Reading("value", value, unit),)
    assert decoded.value == line.decode()


@pytest.mark.parametrize(
    "line",
    [b"SerNo.    0031801165", b"T S 2.486 g", b"S I", b"ES", b"12:30", b"2026-11-21", b"1,234", b"nan",
     b"OL,+9999.99 g", b"  -12.345 g    ?N", b"1.2.3", b"", b"9" * 400],
)  # fmt: skip
def test_everything_else_is_text_without_readings(line: bytes) -> None:
    decoded = LinesDriver().decode(line)
    assert decoded.readings == ()
    assert decoded.value == line.decode()


@given(st.binary(max_size=64) | st.from_regex(rb"\A[ ST,+-]{0,8}[0-9.,]{1,40} ?[a-z%]{0,4}\Z"))
def test_any_bytes_are_decoded_or_refused(frame: bytes) -> None:
    try:
        decoded = LinesDriver({"decimal_comma": True}).decode(frame)
    except DecodeFault:
        return
    assert decoded.value == frame.decode()
    assert all(isfinite(reading.value) for reading in decoded.readings)


def test_the_fault_names_the_byte_and_its_place() -> None:
    with pytest.raises(DecodeFault, match="byte 0xff at 3 is not utf-8 text"):
        LinesDriver().decode(b"12.\xff")


def test_the_metric_and_the_unit_of_a_bare_number_are_options() -> None:
    driver = LinesDriver({"metric": "weight", "unit": "g"})
    assert driver.decode(b"5").readings == (Reading("weight", 5.0, "g"),)
    assert driver.decode(b"5 kg").readings == (Reading("weight", 5.0, "kg"),)


def test_without_a_metric_a_scanned_number_is_text() -> None:
    assert LinesDriver({"metric": ""}).decode(b"4006381333931").readings == ()


def test_a_decimal_comma_is_read_only_if_configured() -> None:
    assert LinesDriver({"decimal_comma": True}).decode(b"12,5 g").readings == (Reading("value", 12.5, "g"),)
    assert LinesDriver().decode(b"12,5 g").readings == ()


def test_a_command_byte_goes_out_alone() -> None:
    assert LinesDriver().encode(b"w") == b"w"


@pytest.mark.parametrize(("terminator", "expected"), [("cr", b"SI\r"), ("lf", b"SI\n"), ("crlf", b"SI\r\n")])
def test_the_terminator_is_put_after_a_command_once(terminator: str, expected: bytes) -> None:
    driver = LinesDriver({"command_terminator": terminator})
    assert driver.encode(b"SI") == expected
    assert driver.encode(expected) == expected


def test_commands_are_said_in_the_character_set_of_the_device() -> None:
    driver = LinesDriver({"encoding": "cp850"})
    assert driver.encode("ü".encode()) == b"\x81"
    assert driver.decode(b"\x81").value == "ü"
    with pytest.raises(DecodeFault, match="cp850"):
        driver.encode("日".encode())


def test_frames_follow_the_options() -> None:
    framer = LinesDriver({"line_end": "cr", "max_bytes": 4, "drop_first_partial": True}).framer()
    frames = framer.feed(b"tail\rabcd\rabcde\r")
    assert frames[0] == Frame(b"abcd")
    assert frames[1].fault


def test_writes_are_repeatable_only_if_the_options_say_so() -> None:
    assert not LinesDriver().may_repeat_writes
    assert LinesDriver({"writes_may_repeat": True}).may_repeat_writes


def test_a_wrong_option_is_named() -> None:
    with pytest.raises(OptionFault, match="command_terminator"):
        LinesDriver({"command_terminator": "tab"})
