"""Finding the baud rate of an unknown device: on a wire that garbles at the wrong one, and on a real pty."""

from __future__ import annotations

from pathlib import Path
from time import monotonic

import pytest

from devices.serial.ports import Port
from devices.serial.probe import BAUDS, QUESTIONS, identify
from devices.serial.settings import SerialSettings
from simulators.pseudo_terminal import PseudoTerminal
from simulators.scale import Scale, ScaleSettings
from telemetry.links import LinkLost

LINE = b"ST,+0013.544  g\r\n"


class Wire:
    """A device that sends at one baud rate; at any other the receiver sees noise, as a UART does."""

    def __init__(self, baud: int, *, speaks: bool = True, line: bytes = LINE) -> None:
        self.baud = baud
        self.speaks = speaks
        self.line = line
        self.asked: list[tuple[int, bytes]] = []
        self.opened: list[int] = []
        self.is_open = False

    def open(self, settings: SerialSettings) -> Port:
        assert not self.is_open, "a port is opened once at a time"
        self.is_open = True
        self.opened.append(settings.baud)
        return _WirePort(self, settings.baud)


class _WirePort(Port):
    def __init__(self, wire: Wire, baud: int) -> None:
        super().__init__("/dev/wire")
        self._wire, self._baud = wire, baud
        self._waiting = b""

    def _read(self, timeout_s: float) -> bytes:
        if self._wire.speaks:
            self._waiting += self._wire.line * 2
        data, self._waiting = self._waiting, b""
        return data if self._baud == self._wire.baud else bytes((byte * 37 + 11) & 0xFF | 0x80 for byte in data)

    def write(self, data: bytes, timeout_s: float) -> int:
        self._wire.asked.append((self._baud, data))
        if data == b"Q\r\n" and self._baud == self._wire.baud:
            self._waiting += self._wire.line
        return len(data)

    def unsent(self) -> int:
        return 0

    def discard_unsent(self) -> int:
        return 0

    def close(self) -> None:
        self._wire.is_open = False


def look(wire: Wire, *, asks: bool = False) -> list[tuple[int, str]]:
    found = identify(SerialSettings(port="/dev/wire"), asks=asks, listen_s=0.02, opened=wire.open)
    assert not wire.is_open
    return [(one.baud, one.proposals[0].driver) for one in found]


@pytest.mark.parametrize("baud", BAUDS)
def test_the_baud_rate_at_which_it_makes_sense_comes_first(baud: int) -> None:
    assert look(Wire(baud))[0] == (baud, "and")


def test_it_ends_with_the_first_that_is_recognised() -> None:
    wire = Wire(2400)
    look(wire)
    assert wire.opened == [9600, 2400]


def test_seven_bits_with_even_parity_are_found() -> None:
    line = bytes(byte | (byte.bit_count() & 1) << 7 for byte in LINE)
    (first, *_) = identify(SerialSettings(port="/dev/wire"), listen_s=0.02, opened=Wire(2400, line=line).open)
    assert (first.baud, first.format.data_bits, first.format.parity) == (2400, 7, "even")
    assert first.proposals[0].driver == "and"


def test_a_silent_device_is_not_asked_unless_told_to() -> None:
    wire = Wire(9600, speaks=False)
    assert look(wire) == []
    assert wire.asked == []


def test_a_silent_device_answers_when_it_is_asked() -> None:
    wire = Wire(2400, speaks=False)
    assert look(wire, asks=True)[0] == (2400, "and")
    assert [data for baud, data in wire.asked if baud == 2400] == list(QUESTIONS)


def test_a_port_that_is_away_is_told() -> None:
    with pytest.raises(LinkLost, match="is the cable in"):
        identify(SerialSettings(port="/dev/nothing-here"))


def test_a_real_port_is_listened_to_and_let_go(tmp_path: Path) -> None:
    settings = ScaleSettings(style="mt-sics", send_every_s=0.05)
    with PseudoTerminal(tmp_path / "tty") as terminal, Scale(terminal, settings):
        started = monotonic()
        first = identify(SerialSettings(port=str(terminal.path)))[0]
        again = identify(SerialSettings(port=str(terminal.path)))[0]
    assert first.proposals[0].driver == again.proposals[0].driver == "mt-sics"
    assert first.baud == 9600
    assert monotonic() - started < 20


def test_a_real_scale_that_must_be_asked(tmp_path: Path) -> None:
    with PseudoTerminal(tmp_path / "tty") as terminal, Scale(terminal, ScaleSettings(style="kern")):
        first = identify(SerialSettings(port=str(terminal.path)), asks=True, listen_s=0.1)[0]
    assert first.proposals[0].driver == "kern-tws"
