"""A receipt printer on a serial line: it keeps every byte and shows the paper."""

from __future__ import annotations

from collections.abc import Callable

from simulators.paper import Paper
from simulators.pseudo_terminal import XOFF, XON, PseudoTerminal
from simulators.simulator import Record, Simulator

_WELL, _OFFLINE, _STOPPED, _NO_PAPER = 0x12, 0x1A, 0x32, 0x72  # answers to DLE EOT: well, n=1, n=2, n=4


class Printer(Simulator):
    """A printer at the end of `terminal`: `received` keeps the bytes, `paper` the lines; `on_line` is told each."""

    def __init__(
        self,
        terminal: PseudoTerminal,
        *,
        answers_status: bool = False,
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__("printer")
        self.terminal = terminal
        self.received = Record()
        self.paper = Paper()
        self.has_paper = True
        self._answers_status = answers_status
        self._on_line = on_line

    def hold_back(self) -> None:
        """Ask the hub to send no more (XOFF), as a printer does whose buffer is full or whose lid is open."""
        self.terminal.write(XOFF)

    def go_on(self) -> None:
        """Let the hub send again (XON)."""
        self.terminal.write(XON)

    def run(self) -> None:
        while not self.stopping.is_set():
            data = self.terminal.read(0.1)
            if data:
                self._take(data)
            elif not self.terminal.is_plugged:
                self.stopping.wait(0.05)

    def _take(self, data: bytes) -> None:
        lines = self.paper.feed(data)
        self.received.add(data)
        if self._on_line:
            for line in lines:
                self._on_line(line)
        requests, self.paper.status_requests = self.paper.status_requests, []
        if self._answers_status:
            self.terminal.write(bytes(self._status(kind) for kind in requests))

    def _status(self, kind: int) -> int:
        if self.has_paper:
            return _WELL
        return {1: _OFFLINE, 2: _STOPPED, 4: _NO_PAPER}.get(kind, _WELL)
