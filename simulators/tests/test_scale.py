"""The simulated scale, seen from the other end of its wire."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
import serial

from devices.drivers.lines import LinesDriver
from simulators.load import Load
from simulators.pseudo_terminal import PseudoTerminal
from simulators.scale import Scale, ScaleSettings, Style, scale_line


@pytest.fixture
def scale(tmp_path: Path) -> Iterator[Scale]:
    with PseudoTerminal(tmp_path / "tty") as terminal, Scale(terminal) as simulator:
        simulator.load.put(12.34)
        yield simulator


@pytest.fixture
def port(scale: Scale) -> Iterator[serial.Serial]:
    with serial.Serial(str(scale.terminal.path), timeout=5) as opened:
        yield opened


def test_w_is_answered_with_a_line_now(scale: Scale, port: serial.Serial) -> None:
    port.write(b"w")
    assert re.fullmatch(rb" *-?\d+\.\d{3} g\r\n", port.readline())


def test_s_is_answered_when_the_pan_rests(scale: Scale, port: serial.Serial) -> None:
    port.write(b"s")
    (reading,) = LinesDriver().decode(port.readline().strip()).readings
    assert reading.value == pytest.approx(12.34, abs=0.003)
    assert reading.unit == "g"


def test_t_is_not_answered_and_makes_the_display_zero(scale: Scale, port: serial.Serial) -> None:
    port.write(b"s")
    port.readline()
    port.write(b"t")
    assert scale.received.wait(lambda data: data == b"st")
    port.write(b"s")
    assert float(port.readline().split()[0]) == pytest.approx(0.0, abs=0.003)
    assert port.in_waiting == 0


def test_a_terminator_after_a_command_is_seen_in_the_record(scale: Scale, port: serial.Serial) -> None:
    port.write(b"w\r\n")
    assert scale.received.wait(lambda data: data == b"w\r\n")


def test_it_can_send_by_itself_with_lf_ended_lines(tmp_path: Path) -> None:
    settings = ScaleSettings(send_every_s=0.05, line_end=b"\n", unit="kg")
    with (
        PseudoTerminal(tmp_path / "tty") as terminal,
        Scale(terminal, settings),
        serial.Serial(str(terminal.path), timeout=5) as port,
    ):
        port.readline()
        assert re.fullmatch(rb" *-?\d+\.\d{3} kg\n", port.readline())


def test_its_lines_can_break_off(tmp_path: Path) -> None:
    settings = ScaleSettings(send_every_s=0.05, half_lines=1.0)
    with (
        PseudoTerminal(tmp_path / "tty") as terminal,
        Scale(terminal, settings),
        serial.Serial(str(terminal.path), timeout=5) as port,
    ):
        assert b"\n" not in port.read(20)


def test_it_works_on_after_a_replug(scale: Scale) -> None:
    scale.terminal.unplug()
    scale.terminal.replug()
    with serial.Serial(str(scale.terminal.path), timeout=5) as port:
        port.write(b"w")
        assert port.readline().endswith(b"g\r\n")


@pytest.mark.parametrize(
    ("style", "is_stable", "expected"),
    [
        ("plain", False, b"    12.340 g\r\n"),
        ("kern", True, b"      12.340 g  \r\n"),
        ("kern", False, b"      12.340    \r\n"),
        ("comma", True, b"ST,GS 12.340G\r\n"),
        ("comma", False, b"US,GS 12.340G\r\n"),
    ],
)
def test_the_forms_of_a_line(style: Style, is_stable: bool, expected: bytes) -> None:
    assert scale_line(12.34, is_stable=is_stable, settings=ScaleSettings(style=style)) == expected


def test_a_kern_line_has_18_bytes() -> None:
    assert len(scale_line(-1.5, is_stable=True, settings=ScaleSettings(style="kern"))) == 18


def test_equal_seeds_give_equal_weights_that_move_within_the_capacity() -> None:
    one, other = Load(Random(7)), Load(Random(7))
    weights = [one.weight_g(second / 2) for second in range(400)]
    assert weights == [other.weight_g(second / 2) for second in range(400)]
    assert len({round(weight) for weight in weights}) > 5
    assert all(-1 < weight < 500 for weight in weights)
