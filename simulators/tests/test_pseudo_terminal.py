"""The pseudo-terminal that serial simulators sit on."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
import serial

from simulators.pseudo_terminal import PseudoTerminal


def test_it_carries_every_byte_both_ways_without_echo(tmp_path: Path) -> None:
    every_byte = bytes(range(256))
    with PseudoTerminal(tmp_path / "tty") as terminal, serial.Serial(str(terminal.path), timeout=2) as port:
        port.write(every_byte)
        got = b""
        while len(got) < 256 and (data := terminal.read(2.0)):
            got += data
        assert got == every_byte
        assert terminal.write(every_byte) == 256
        assert port.read(256) == every_byte
        assert terminal.read(0.1) == b""


def test_unplugging_removes_the_path_and_hangs_up(tmp_path: Path) -> None:
    terminal = PseudoTerminal(tmp_path / "tty")
    port = os.open(terminal.path, os.O_RDWR | os.O_NOCTTY)
    terminal.unplug()
    assert not terminal.path.is_symlink()
    with pytest.raises(OSError, match="Input/output error"):
        os.write(port, b"x")
    os.close(port)


def test_it_can_be_plugged_in_again_under_the_same_path(tmp_path: Path) -> None:
    with PseudoTerminal(tmp_path / "tty") as terminal:
        terminal.unplug()
        terminal.replug()
        with serial.Serial(str(terminal.path), timeout=2) as port:
            terminal.write(b"x")
            assert port.read(1) == b"x"


def test_it_leaves_no_path_behind_and_touches_no_file(tmp_path: Path) -> None:
    PseudoTerminal(tmp_path / "tty").close()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "notes").touch()
    with pytest.raises(FileExistsError):
        PseudoTerminal(tmp_path / "notes")


def test_a_reader_is_not_disturbed_by_the_pulled_plug(tmp_path: Path) -> None:
    terminal = PseudoTerminal(tmp_path / "tty")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(terminal.read(10.0)))
    reader.start()
    terminal.unplug()
    reader.join(2.0)
    assert got == [b""]


def test_what_nobody_takes_is_lost_and_never_blocks(tmp_path: Path) -> None:
    with PseudoTerminal(tmp_path / "tty") as terminal:
        assert terminal.write(b"x" * 1_000_000, 0.1) < 1_000_000
