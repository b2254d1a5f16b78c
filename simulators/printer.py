"""A receipt printer on a serial line: it keeps every byte, shows the paper, answers DLE EOT, and runs out of paper."""

from __future__ import annotations

import re
from collections.abc import Callable

from simulators.paper import Paper
from simulators.pseudo_terminal import XOFF, XON, PseudoTerminal
from simulators.simulator import Record, Simulator

_WELL, _OFFLINE, _STOPPED, _COVER, _NEAR_END, _NO_PAPER = 0x12, 0x1A, 0x32, 0x16, 0x1E, 0x72
_QUESTION = re.compile(rb"\x10\x04(.)", re.DOTALL)
_BEGUN = (b"\x10\x04", b"\x10")


class Printer(Simulator):
    """A printer at the end of `terminal`: `received` keeps the bytes, `paper` the lines; `on_line` is told each.

    With `roll_lines` a roll of paper holds so many lines; what comes without paper is printed on the next roll.
    """

    def __init__(
        self,
        terminal: PseudoTerminal,
        *,
        answers_status: bool = False,
        roll_lines: int = 0,
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__("printer")
        self.terminal = terminal
        self.received = Record()
        self.paper = Paper()
        self.has_paper = True
        self.is_open = False  # its cover
        self.is_paper_low = False
        self._answers_status = answers_status
        self._roll_lines = roll_lines
        self._lines_left = roll_lines
        self._on_line = on_line
        self._begun = b""
        self._buffer = bytearray()

    def hold_back(self) -> None:
        """Ask the hub to send no more (XOFF), as a printer does whose buffer is full or whose lid is open."""
        self.terminal.write(XOFF)

    def go_on(self) -> None:
        """Let the hub send again (XON)."""
        self.terminal.write(XON)

    def load_paper(self) -> None:
        """A new roll: what waits in the buffer is printed."""
        self._lines_left = self._roll_lines
        self.has_paper = True

    def run(self) -> None:
        while not self.stopping.is_set():
            data = self.terminal.read(0.1)
            if data:
                self._take(data)
            elif not self.terminal.is_plugged:
                self.stopping.wait(0.05)
            if self.has_paper and self._buffer:
                self._print()

    def _take(self, data: bytes) -> None:
        questions, rest = self._real_time(data)
        self._buffer += rest
        if self.has_paper:
            self._print()
        self.received.add(data)
        if self._answers_status:
            self.terminal.write(bytes(self._status(kind) for kind in questions))

    def _real_time(self, data: bytes) -> tuple[bytes, bytes]:
        """The questions among these bytes, which are answered at once whatever is in the buffer; and the rest."""
        data = self._begun + data
        questions = b"".join(_QUESTION.findall(data))
        rest = _QUESTION.sub(b"", data)
        self._begun = next((begun for begun in _BEGUN if rest.endswith(begun)), b"")
        return questions, rest.removesuffix(self._begun) if self._begun else rest

    def _print(self) -> None:
        data = bytes(self._buffer)
        self._buffer.clear()
        if self._roll_lines:
            data = self._as_long_as_the_roll(data)
        for line in self.paper.feed(data):
            if self._on_line:
                self._on_line(line)

    def _as_long_as_the_roll(self, data: bytes) -> bytes:
        """What still fits on the roll; the rest stays in the buffer."""
        at = 0
        while self._lines_left and (end := data.find(b"\n", at)) >= 0:
            at = end + 1
            self._lines_left -= 1
        if self._lines_left:
            return data
        self.has_paper = False
        self._buffer += data[at:]
        return data[:at]

    def _status(self, kind: int) -> int:
        if not self.has_paper:
            return {1: _OFFLINE, 2: _STOPPED, 4: _NO_PAPER}.get(kind, _WELL)
        if self.is_open:
            return {1: _OFFLINE, 2: _COVER}.get(kind, _WELL)
        return _NEAR_END if kind == 4 and self.is_paper_low else _WELL
