"""What all drivers for scales share: lines in, one command out, the same options. What a line means is each one's own.

No line of a scale is a dead letter: one that is cut short, or noise, is kept as a fragment without a reading.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from re import ASCII, Match, Pattern, compile
from typing import ClassVar

from devices.drivers.base import Driver
from devices.drivers.commands import NO_ANSWER, Answer, Command, Part
from devices.drivers.weighing import FRAGMENT, Kind, ScaleLine, as_number, as_unit
from devices.framing import LineFramer
from telemetry.options import Option
from telemetry.values import Decoded

_LINE_ENDS = {"lf": b"\n", "cr": b"\r", "etx": b"\x03"}
_COMMAND_ENDS = {"none": b"", "cr": b"\r", "lf": b"\n", "crlf": b"\r\n"}

OPTIONS: tuple[Option, ...] = (
    Option(
        name="command_terminator",
        kind=str,
        default="none",
        label="Put after each command",
        help="A scale that takes single bytes may read a CR or LF as one more command.",
        choices=tuple(_COMMAND_ENDS),
    ),
    Option(
        name="named_commands",
        kind=bool,
        default=False,
        label="Rules may write commands by name",
        help="A rule that writes the text tare sends the scale's own tare command. Off: bytes go out as they are.",
    ),
    Option(
        name="answer_timeout_s",
        kind=float,
        default=2.0,
        label="Wait for an answer, in seconds",
        minimum=0.05,
        maximum=60,
    ),
    Option(
        name="rest_timeout_s",
        kind=float,
        default=15.0,
        label="Wait for a pan at rest, in seconds",
        help="For commands that the scale answers only when the weight is stable.",
        minimum=0.05,
        maximum=120,
    ),
    Option(name="decimal_comma", kind=bool, default=False, label="The scale writes 12,5 for 12.5"),
    Option(
        name="drop_first_partial",
        kind=bool,
        default=False,
        label="Drop the first line after opening",
        help="For a scale that sends by itself: the first line may be the tail of one.",
    ),
    Option(name="line_end", kind=str, default="lf", label="Lines end with", choices=tuple(_LINE_ENDS)),
    Option(name="max_bytes", kind=int, default=256, label="Longest line in bytes", minimum=16, maximum=65_536),
    Option(
        name="writes_may_repeat",
        kind=bool,
        default=False,
        label="A write may be repeated",
        help="After a crash in the middle of a write: send it again instead of asking a person.",
    ),
)


def options_with(**defaults: object) -> tuple[Option, ...]:
    """The shared options, with these defaults."""
    return tuple(
        replace(option, default=defaults[option.name]) if option.name in defaults else option for option in OPTIONS
    )


@dataclass(frozen=True, slots=True)
class Tell:
    """A form by which a protocol can be told from others: how sure it makes (0 to 1), and why, for a person."""

    pattern: Pattern[str]
    weight: float
    why: str


def tell(pattern: str, weight: float, why: str) -> Tell:
    """A Tell from the text of its pattern, which must match a whole line."""
    return Tell(compile(pattern, ASCII), weight, why)


class ScaleDriver(Driver):
    """One line protocol of scales. A subclass says what a line means, and which commands there are."""

    options: ClassVar[Sequence[Option]] = OPTIONS
    tells: ClassVar[Sequence[Tell]] = ()

    @abstractmethod
    def parse(self, line: str) -> ScaleLine:
        """What one line says. Any line of printable text must be taken."""

    def framer(self) -> LineFramer:
        """Lines, cut at the declared end."""
        return LineFramer(
            _LINE_ENDS[self.given["line_end"]],
            self.given["max_bytes"],
            drop_first_partial=self.given["drop_first_partial"],
        )

    def decode(self, frame: bytes) -> Decoded:
        """The line, understood; one with bytes that no scale sends is a fragment."""
        raw = printable(frame)
        line = self.line(frame)
        return Decoded(line.as_json(raw), line.readings())

    def line(self, frame: bytes) -> ScaleLine:
        """As `decode`, before it is put into JSON."""
        try:
            text = frame.decode("ascii").strip("\r\n")
        except UnicodeDecodeError:
            return FRAGMENT
        return self.parse(text)

    def encode(self, payload: bytes) -> bytes:
        """The command, ended as declared (not twice)."""
        data, end = self._said(payload), _COMMAND_ENDS[self.given["command_terminator"]]
        return data if not data or (end and data.endswith(end)) else data + end

    @property
    def may_repeat_writes(self) -> bool:
        """As the options say."""
        return bool(self.given["writes_may_repeat"])

    def answer(self, payload: bytes) -> Answer:
        """As the command declares; other bytes may be answered by a line, which only who asked waits for."""
        if not self._said(payload):
            return NO_ANSWER
        known = self.command_of(payload)
        if known is None:
            return Answer(lines=1, timeout_s=self.given["answer_timeout_s"], is_certain=False)
        return Answer(
            lines=known.lines,
            timeout_s=self.given["rest_timeout_s" if known.waits_for_rest else "answer_timeout_s"],
            is_certain=known.is_certain,
            is_repeatable=known.is_question and not known.waits_for_rest,
        )

    def answer_part(self, payload: bytes, frame: bytes, *, seen: int) -> Part:
        """A fragment answers nothing, and an error is the last thing that a scale says to a command."""
        kind = self.line(frame).kind
        if kind is Kind.FRAGMENT:
            return Part.NONE
        return Part.LAST if kind is Kind.ERROR else super().answer_part(payload, frame, seen=seen)

    def command_of(self, payload: bytes) -> Command | None:
        """The command that these bytes are, or (if rules may say so) name."""
        data = self._said(payload).rstrip(b"\r\n")
        return next((command for command in self.commands if command.data == data), None)

    def measured(
        self,
        kind: Kind,
        match: Match[str],
        *,
        is_stable: bool | None = None,
        **said: str,
    ) -> ScaleLine:
        """A line with a number, from the groups `sign`, `number` and `unit` of its pattern."""
        found = match.groupdict()
        number = as_number(found.get("sign") or "", found["number"], decimal_comma=self.given["decimal_comma"])
        if not number:
            return FRAGMENT
        unit = as_unit(found.get("unit") or "")
        return ScaleLine(kind=kind, number=number, unit=unit, is_stable=is_stable, said=said)

    def _said(self, payload: bytes) -> bytes:
        """The bytes of a command that is written by name, if the options allow that; else the payload."""
        if self.given["named_commands"]:
            named = self.command(payload.decode("ascii", "replace").strip())
            return named.data if named else payload
        return payload


def printable(frame: bytes) -> str:
    """The frame as a person can read it: bytes that are no printable ASCII as `\\x1b`."""
    return "".join(chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}" for byte in frame)
