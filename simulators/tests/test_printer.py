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


def test_text_is_read_in_the_code_page_that_was_chosen() -> None:
    paper = Paper()
    text = "Grüße: 5 €"
    paper.feed(b"\x1b@\x1bt\x13" + text.encode("cp858") + b"\n\x1bt\x10" + text.encode("cp1252") + b"\n")
    paper.feed(b"\x1b@" + text.encode() + b"\n\x1bt\xfe" + text.encode() + b"\n")
    assert paper.lines == [text] * 4


def test_commands_leave_no_ink_and_cuts_are_seen() -> None:
    paper = Paper()
    paper.feed(b"\x1b@\x1ba\x01\x1bE\x01Total\x1bE\x00\n\x1d!\x115 EUR\n\x1bd\x02\x1dVB\x00\x1bp\x00\x19\xfaNext\n")
    assert paper.lines == ["Total", "5 EUR", "", "", Paper.CUT, "Next"]


@given(
    st.lists(
        st.sampled_from(
            [
                b"\x1b",
                b"\x1d",
                b"\x10",
                b"@",
                b"V",
                b"A",
                b"d",
                b"\n",
                b"x",
                b"\xc3",
                b"(",
                b"k",
                b"v",
                b"1P0",
                b"\x03\x00",
            ]
        ),
        max_size=30,
    ),
    st.integers(0, 30),
)
def test_the_paper_is_the_same_for_every_split(pieces: list[bytes], cut: int) -> None:
    whole, split = Paper(), Paper()
    whole.feed(b"".join(pieces))
    for piece in (b"".join(pieces[:cut]), *pieces[cut:]):
        split.feed(piece)
    assert split.lines == whole.lines


def test_without_paper_it_prints_on_the_next_roll_what_came_meanwhile(tmp_path: Path) -> None:
    seen: list[str] = []
    with (
        PseudoTerminal(tmp_path / "tty") as terminal,
        Printer(terminal, answers_status=True, roll_lines=2, on_line=seen.append) as printer,
        serial.Serial(str(terminal.path), timeout=5) as port,
    ):
        port.write(b"one\ntwo\nthree\n\x10\x04\x04")
        assert port.read(1) == b"\x72"
        assert seen == ["one", "two"]
        printer.load_paper()
        port.write(b"\x10\x04\x04")
        assert port.read(1) == b"\x12"
        assert seen == ["one", "two", "three"]


def test_it_says_that_its_cover_is_open_and_that_paper_is_low(tmp_path: Path) -> None:
    with (
        PseudoTerminal(tmp_path / "tty") as terminal,
        Printer(terminal, answers_status=True) as printer,
        serial.Serial(str(terminal.path), timeout=5) as port,
    ):
        printer.is_open = True
        port.write(b"\x10\x04\x01\x10\x04\x02")
        assert port.read(2) == b"\x1a\x16"
        printer.is_open, printer.is_paper_low = False, True
        port.write(b"\x10\x04\x01\x10\x04\x04")
        assert port.read(2) == b"\x12\x1e"


def test_a_question_is_understood_in_any_split(tmp_path: Path) -> None:
    with (
        PseudoTerminal(tmp_path / "tty") as terminal,
        Printer(terminal, answers_status=True) as printer,
        serial.Serial(str(terminal.path), timeout=5) as port,
    ):
        for part in (b"a", b"\x10", b"\x04", b"\x01"):
            printer.received.clear()
            port.write(part)
            assert printer.received.wait(bool)
        assert port.read(1) == b"\x12"


def test_pictures_and_codes_are_shown_by_what_they_are() -> None:
    paper = Paper()
    paper.feed(b"a\x1dv0\x00\x02\x00\x08\x00" + b"\xff" * 16)
    paper.feed(b"\x1d(k\x04\x001A2\x00\x1d(k\x05\x001P0hi\x1d(k\x03\x001Q0")
    paper.feed(b"\x1dkI\x06{BA{{1\x1dk\x024006381333931\x00b\n")
    assert paper.lines == ["a", "[picture 16x8]", "[QR: hi]", "[barcode: A{1]", "[barcode: 4006381333931]", "b"]
