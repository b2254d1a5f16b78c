"""Each simulated scale and the driver for it were written apart from one another: here they meet."""

from __future__ import annotations

from pathlib import Path

import pytest
import serial

from devices.drivers.registry import driver_named
from devices.drivers.scale import ScaleDriver
from devices.drivers.weighing import Kind
from simulators.pseudo_terminal import PseudoTerminal
from simulators.scale import Scale, ScaleSettings, Style, scale_line
from simulators.scale_styles import STYLES

DRIVER_OF = {"kern": "kern-tws", "comma": "cas"}
MADE: list[Style] = ["kern", "comma", "mt-sics", "sartorius-sbi", "and", "ohaus", "radwag", "cas", "adam"]


def driver_for(style: Style) -> ScaleDriver:
    driver = driver_named(DRIVER_OF.get(style, style))()
    assert isinstance(driver, ScaleDriver)
    return driver


@pytest.mark.parametrize("style", MADE)
@pytest.mark.parametrize("weight", [12.34, -0.5, 0.0, 499.999])
@pytest.mark.parametrize("is_stable", [True, False])
def test_its_driver_reads_what_it_says(style: Style, weight: float, is_stable: bool) -> None:
    driver = driver_for(style)
    (frame,) = driver.framer().feed(scale_line(weight, is_stable=is_stable, settings=ScaleSettings(style=style)))
    line = driver.line(frame.data)
    assert (line.kind, float(line.number)) == (Kind.WEIGHT, weight)
    assert line.is_stable in (is_stable, None)
    assert line.unit == ("g" if is_stable or style not in ("kern", "sartorius-sbi") else "")


@pytest.mark.parametrize("style", [style for style in MADE if STYLES[style].overload])
def test_an_overload_is_an_error_to_its_driver(style: Style) -> None:
    driver = driver_for(style)
    line = scale_line(501, is_stable=True, settings=ScaleSettings(style=style, capacity_g=500))
    decoded = driver.decode(driver.framer().feed(line)[0].data)
    assert (decoded.value["kind"], decoded.value["error"]) == ("error", "overload")
    assert not decoded.readings


@pytest.mark.parametrize("style", MADE)
def test_it_answers_its_driver_and_tares(style: Style, tmp_path: Path) -> None:
    driver = driver_for(style)
    tare, weigh = driver.command("tare"), driver.command("print")
    assert tare is not None
    assert weigh is not None
    with PseudoTerminal(tmp_path / "tty") as terminal, Scale(terminal, ScaleSettings(style=style)) as scale:
        scale.load.put(50.0)
        with serial.Serial(str(terminal.path), timeout=0.3) as port:
            port.write(driver.encode(tare.data))
            while port.readline():  # what it says to a tare differs
                continue
            scale.load.put(75.0)
            port.timeout = 5
            port.write(driver.encode(weigh.data))
            line = driver.line(port.readline().rstrip(b"\r\n"))
    assert line.kind is Kind.WEIGHT
    assert float(line.number) == pytest.approx(25.0, abs=26.0)
    assert float(line.number) < 52.0


def test_a_command_that_it_does_not_know_is_answered_as_its_maker_does(tmp_path: Path) -> None:
    settings = ScaleSettings(style="mt-sics")
    with (
        PseudoTerminal(tmp_path / "tty") as terminal,
        Scale(terminal, settings),
        serial.Serial(str(terminal.path), timeout=5) as port,
    ):
        port.write(b"P\r\n")
        assert port.readline() == b"ES\r\n"


def test_it_can_be_deaf(tmp_path: Path) -> None:
    settings = ScaleSettings(style="kern", deafness=1.0)
    with (
        PseudoTerminal(tmp_path / "tty") as terminal,
        Scale(terminal, settings) as scale,
        serial.Serial(str(terminal.path), timeout=0.3) as port,
    ):
        port.write(b"w")
        assert scale.received.wait(lambda data: data == b"w")
        assert port.readline() == b""


def test_commands_that_come_in_pieces_are_put_together() -> None:
    assert STYLES["mt-sics"].commands_in(b"S") == ([], b"S")
    assert STYLES["mt-sics"].commands_in(b"SI\r\nZ\r") == ([b"SI", b"Z"], b"")
    assert STYLES["sartorius-sbi"].commands_in(b"\x1bx1_\x1b") == ([b"\x1bx1_"], b"\x1b")
