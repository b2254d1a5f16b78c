"""A laboratory scale on a serial line, in the style of one of several makers, with the faults of the field: lines that
break off, noise, an overload, and commands that it does not hear.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from time import monotonic
from typing import Literal

from simulators.load import Load
from simulators.pseudo_terminal import PseudoTerminal
from simulators.scale_styles import STYLES, Act, Speech
from simulators.simulator import Record, Simulator

Style = Literal[
    "plain", "kern", "comma", "mt-sics", "sartorius-sbi", "and", "ohaus", "radwag", "cas", "adam"
]  # fmt: skip


@dataclass(slots=True, kw_only=True)
class ScaleSettings:
    """How a scale speaks, and how badly. `plain` says the unit always, `kern` only at rest, `comma` is `ST,GS 1.0G`."""

    style: Style = "plain"
    line_end: bytes = b"\r\n"
    unit: str = "g"
    capacity_g: float = float("inf")  # above, it says that it is overloaded, where its style has words for that
    send_every_s: float | None = None  # None: it speaks only when asked
    half_lines: float = 0.0  # the share of lines that break off in the middle
    noise: float = 0.0  # the share of lines with a few random bytes before them
    deafness: float = 0.0  # the share of commands that it does not hear


def scale_line(weight_g: float, *, is_stable: bool, settings: ScaleSettings) -> bytes:
    """One line, with its end. The `kern` form has 18 bytes with CR LF; its unit is blank until the pan rests."""
    speech = STYLES[settings.style]
    is_over = bool(speech.overload) and weight_g > settings.capacity_g
    text = speech.overload if is_over else speech.weight(weight_g, is_stable, settings.unit)
    return text.encode() + settings.line_end


class Scale(Simulator):
    """A scale at the end of `terminal`. `settings` may be changed while it runs; `received` keeps what it was sent."""

    def __init__(self, terminal: PseudoTerminal, settings: ScaleSettings | None = None, *, seed: int = 0) -> None:
        super().__init__("scale")
        self.terminal = terminal
        self.settings = settings or ScaleSettings()
        self.received = Record()
        self.load = Load(Random(seed))
        self._random = Random(seed + 1)
        self._unread = b""
        self._tare_g = 0.0
        self._waits_for_rest = False
        self._send_at = 0.0

    def run(self) -> None:
        while not self.stopping.is_set():
            data = self.terminal.read(0.05)
            self.received.add(data)
            speech = STYLES[self.settings.style]
            commands, self._unread = speech.commands_in(self._unread + data)
            for command in commands:
                self._hear(command, speech)
            if not data and not self.terminal.is_plugged:
                self.stopping.wait(0.05)
            self._speak()

    def value_g(self) -> float:
        """What the display shows."""
        return round(self.load.weight_g(monotonic()) - self._tare_g, 3) + 0.0

    def _hear(self, command: bytes, speech: Speech) -> None:
        act = speech.commands.get(command)
        if self._random.random() < self.settings.deafness:
            return
        if act is None:
            self._say(speech.unknown)
            return
        self._say(speech.accepted.get(act, ""))
        self._act(act)
        self._say(speech.done.get(act, "").format(tare=self._tare_g, unit=self.settings.unit))

    def _act(self, act: Act) -> None:
        if act is Act.NOW:
            self._send()
        elif act is Act.AT_REST:
            self._waits_for_rest = True
        elif act in (Act.TARE, Act.ZERO):  # the display shows the same after either
            self._tare_g = round(self.load.weight_g(monotonic()), 3)

    def _speak(self) -> None:
        """What it says by itself: an answer that had to wait for the pan, and the line that is due."""
        now = monotonic()
        if self._waits_for_rest and self.load.is_stable(now):
            self._waits_for_rest = False
            self._send()
        if self.settings.send_every_s is not None and now >= self._send_at:
            self._send_at = now + self.settings.send_every_s
            self._send()

    def _send(self) -> None:
        line = scale_line(self.value_g(), is_stable=self.load.is_stable(monotonic()), settings=self.settings)
        if self._random.random() < self.settings.half_lines:
            line = line[: len(line) // 2]
        if self._random.random() < self.settings.noise:
            line = self._random.randbytes(self._random.randint(1, 8)) + line
        self.terminal.write(line, 0.2)

    def _say(self, text: str) -> None:
        if text:
            self.terminal.write(text.encode() + self.settings.line_end, 0.2)
