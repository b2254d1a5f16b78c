"""An Arduino on a serial line whose sketch prints one JSON document a line, as `Serial.println` does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from random import Random
from time import monotonic

from simulators.pseudo_terminal import PseudoTerminal
from simulators.simulator import Record, Simulator


@dataclass(slots=True, kw_only=True)
class ArduinoSettings:
    """How often it speaks, and how badly."""

    every_s: float = 2.0
    half_lines: float = 0.0  # the share of lines that break off in the middle
    noise: float = 0.0  # the share of lines with a few random bytes before them
    resets: float = 0.0  # the share of lines before which it starts anew, with the words of its boot loader


class Arduino(Simulator):
    """A board with a temperature and a humidity sensor; it answers the command `led` with its state."""

    def __init__(self, terminal: PseudoTerminal, settings: ArduinoSettings | None = None, *, seed: int = 0) -> None:
        super().__init__("arduino")
        self.terminal = terminal
        self.settings = settings or ArduinoSettings()
        self.received = Record()
        self._random = Random(seed)
        self._temperature = 21.0
        self._began = monotonic()
        self._due = 0.0

    def run(self) -> None:
        while not self.stopping.is_set():
            self.received.add(self.terminal.read(0.05))
            if not self.terminal.is_plugged:
                self.stopping.wait(0.05)
            if monotonic() >= self._due:
                self._due = monotonic() + self.settings.every_s
                self._speak()

    def line(self) -> bytes:
        """The next line."""
        self._temperature += self._random.gauss(0.0, 0.1)
        said = {
            "temperature": round(self._temperature, 2),
            "humidity": round(self._random.uniform(40, 50), 1),
            "uptime_ms": int((monotonic() - self._began) * 1000),
        }
        return json.dumps(said, separators=(",", ":")).encode() + b"\r\n"

    def _speak(self) -> None:
        line, chance = self.line(), self._random.random
        if chance() < self.settings.resets:
            self._began = monotonic()
            self.terminal.write(b"Booting...\r\n", 0.2)
        if chance() < self.settings.half_lines:
            line = line[: len(line) // 2]
        if chance() < self.settings.noise:
            line = self._random.randbytes(self._random.randint(1, 8)) + line
        self.terminal.write(line, 0.2)
