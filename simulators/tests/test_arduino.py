"""A simulated Arduino at the end of a pseudo-terminal."""

from __future__ import annotations

import json
from pathlib import Path

import serial

from simulators.arduino import Arduino, ArduinoSettings
from simulators.pseudo_terminal import PseudoTerminal


def heard(tmp_path: Path, settings: ArduinoSettings, lines: int = 5) -> list[bytes]:
    """The first lines that it prints."""
    with (
        PseudoTerminal(tmp_path / "arduino") as terminal,
        serial.Serial(str(terminal.path), timeout=5) as port,
        Arduino(terminal, settings),
    ):
        return [port.readline() for _ in range(lines)]


def test_each_line_is_a_json_document(tmp_path: Path) -> None:
    for line in heard(tmp_path, ArduinoSettings(every_s=0.01)):
        assert line.endswith(b"\r\n")
        assert set(json.loads(line)) == {"temperature", "humidity", "uptime_ms"}


def test_a_board_that_starts_anew_prints_words_first(tmp_path: Path) -> None:
    assert heard(tmp_path, ArduinoSettings(every_s=0.01, resets=1.0))[0::2] == [b"Booting...\r\n"] * 3


def test_lines_break_off_if_told_to(tmp_path: Path) -> None:
    with (
        PseudoTerminal(tmp_path / "arduino") as terminal,
        serial.Serial(str(terminal.path), timeout=5) as port,
        Arduino(terminal, ArduinoSettings(every_s=0.01, half_lines=1.0)),
    ):
        assert b"\n" not in port.read(200)


def test_noise_comes_before_a_line_if_told_to(tmp_path: Path) -> None:
    assert not heard(tmp_path, ArduinoSettings(every_s=0.01, noise=1.0), 1)[0].startswith(b"{")
