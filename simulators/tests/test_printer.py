"""The simulated printer and its paper."""

from __future__ import annotations

from pathlib import Path

import serial
from hypothesis import given
from hypothesis import strategies as st

from simulators.paper import Paper
from simulators.printer import Printer
from simulators.pseudo_terminal import PseudoTerminal


def test_it_keeps_the_bytes_and_shows_the_lines(tmp_path: Path) -> None:
    seen: list[str] = []
    with PseudoTerminal(tmp_path / "tty") as terminal, Printer(terminal, on_line=seen.append) as printer:
        with serial.Serial(str(terminal.path), 115200) as port:
            port.write(b"\x1b@Hello\n\nWorld\n")
            assert printer.received.wait(lambda data: data == b"\x1b@Hello\n\nWorld\n")
        assert printer.paper.lines == seen == ["Hello", "", "World"]


def test_it_answers_status_requests_if_told_to(tmp_path: Path) -> None:
    with (
        PseudoTerminal(tmp_path / "tty") as terminal,
        Printer(terminal, answers_status=True) as printer,
        serial.Serial(str(terminal.path), timeout=5) as port,
    ):
        port.write(b"\x10\x04\x04")
        assert port.read(1) == b"\x12"
        printer.has_paper = False
        port.write(b"\x10\x04\x01\x10\x04\x04")
        assert port.read(2) == b"\x1a\x72"


def test_it_stays_silent_otherwise(tmp_path: Path) -> None:
    with (
        PseudoTerminal(tmp_path / "tty") as terminal,
        Printer(terminal) as printer,
        serial.Serial(str(terminal.path), timeout=0.2) as port,
    ):
        port.write(b"\x10\x04\x01")
        assert printer.received.wait(lambda data: len(data) == 3)
        assert port.read(1) == b""


def test_commands_leave_no_ink_and_cuts_are_seen() -> None:
    paper = Paper()
    paper.feed(b"\x1b@\x1ba\x01\x1bE\x01Total\x1bE\x00\n\x1d!\x115 EUR\n\x1bd\x02\x1dVB\x00\x1bp\x00\x19\xfaNext\n")
    assert paper.lines == ["Total", "5 EUR", "", "", Paper.CUT, "Next"]


@given(
    st.lists(st.sampled_from([b"\x1b", b"\x1d", b"\x10", b"@", b"V", b"A", b"d", b"\n", b"x", b"\xc3"]), max_size=30),
    st.integers(0, 30),
)
def test_the_paper_is_the_same_for_every_split(pieces: list[bytes], cut: int) -> None:
    whole, split = Paper(), Paper()
    whole.feed(b"".join(pieces))
    for piece in (b"".join(pieces[:cut]), *pieces[cut:]):
        split.feed(piece)
    assert split.lines == whole.lines
