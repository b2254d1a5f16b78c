"""What an ESC/POS job puts on paper, in plain characters: for people who look at it on a page. Pure, and lossy.

Command lengths: Epson ESC/POS, as listed in the constants of python-escpos 3.1. Unknown commands are skipped.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from devices.printing.code_pages import CODE_PAGES
from devices.printing.job import INITIALISE

CUT: Final = "✂✂✂"
_CODECS: Final = {page.number: page.codec for page in CODE_PAGES.values() if page.number is not None}
_ESC, _GS, _DLE, _LF = 0x1B, 0x1D, 0x10, 0x0A
_NONE = b"@2"
_ARGUMENTS: Final = {
    _ESC: {**dict.fromkeys(_NONE, 0), **dict.fromkeys(b"EG-MadJ3tR!", 1), ord("p"): 3},
    _GS: {**dict.fromkeys(b"!BVarhwHf", 1), **dict.fromkeys(b"LW", 2)},
    _DLE: {0x04: 1},
}
_PLACES: Final = {0: 0.0, 1: 0.5, 2: 1.0, 48: 0.0, 49: 0.5, 50: 1.0}


def printed_text(job: bytes) -> str | None:
    """The lines of a job that begins with ESC @; None for another payload, and for one that prints nothing.

    The bytes may be only the beginning of the job.
    """
    if not job.startswith(INITIALISE):
        return None
    reading = _Reading(job)
    while reading.at < len(job) and reading.step():
        pass
    reading.end_line(keep_empty=False)
    if not reading.lines:
        return None
    width = max(line.width for line in reading.lines)
    return "\n".join(" " * int((width - line.width) * line.place) + line.text for line in reading.lines) + "\n"


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    width: int = 0
    place: float = 0.0


@dataclass(slots=True)
class _Reading:
    """Where the reading of a job is, and how the printer would be set there."""

    job: bytes
    at: int = 0
    lines: list[_Line] = field(default_factory=list)
    _line: str = ""
    _width: int = 0
    _columns: int = 1  # that a character takes
    _place: float = 0.0
    _codec: str = "cp437"
    _code: bytes = b""  # what the next QR code says

    def step(self) -> bool:
        """Read one run of text or one command; whether it was complete."""
        if self.job[self.at] not in _ARGUMENTS:
            self._take_text()
            return True
        command = self._command()
        if command is not None:
            self._obey(command)
            self.at += len(command)
        return command is not None

    def end_line(self, *, keep_empty: bool = True) -> None:
        """What is in the line is printed."""
        if self._line or keep_empty:
            self.lines.append(_Line(self._line, self._width, self._place))
        self._line, self._width = "", 0

    def _take_text(self) -> None:
        end = next((at for at in range(self.at, len(self.job)) if self.job[at] in (_LF, *_ARGUMENTS)), len(self.job))
        text = self.job[self.at : end].decode(self._codec, "replace")
        shown = "".join(mark for mark in text if mark.isprintable() or mark == "\t")
        self._line += shown
        self._width += len(shown) * self._columns
        if end < len(self.job) and self.job[end] == _LF:
            self.end_line()
            end += 1
        self.at = end

    def _command(self) -> bytes | None:
        """The command here; None if it is cut short."""
        rest = self.job[self.at : self.at + 8]
        if len(rest) < 2:
            return None
        length = self._length(rest)
        end = self.at + (length or 0)
        if length is None or (end > len(self.job) and rest[:2] != b"\x1dv"):  # a picture is known by its beginning
            return None
        return self.job[self.at : end]

    def _length(self, rest: bytes) -> int | None:
        kind = rest[:2]
        if kind == b"\x1d(":  # GS ( fn pL pH ...
            return 5 + _pair(rest, 3) if len(rest) >= 5 else None
        if kind == b"\x1dv":  # GS v 0 m xL xH yL yH ...
            return 8 + _pair(rest, 4) * _pair(rest, 6) if len(rest) >= 8 else None
        if kind == b"\x1dk":
            return self._barcode_length(rest)
        feeds_and_cuts = kind == b"\x1dV" and rest[2:3] in (b"A", b"B")
        return 2 + _ARGUMENTS[rest[0]].get(rest[1], 0) + feeds_and_cuts

    def _barcode_length(self, rest: bytes) -> int | None:
        """GS k m ... NUL, or from m = 65 on GS k m n ..."""
        if len(rest) < 4:
            return None
        if rest[2] >= 65:
            return 4 + rest[3]
        end = self.job.find(b"\x00", self.at + 3)
        return end + 1 - self.at if end >= 0 else None

    def _obey(self, command: bytes) -> None:
        kind, value = command[:2], command[2] if len(command) > 2 else 0
        if kind == INITIALISE:
            self._columns, self._place, self._codec = 1, 0.0, "cp437"
        elif kind == b"\x1bt":
            self._codec = _CODECS.get(value, self._codec)
        elif kind == b"\x1ba":
            self._place = _PLACES.get(value, self._place)
        elif kind == b"\x1d!":
            self._columns = 1 + (value >> 4 & 7)
        elif kind == b"\x1b!":
            self._columns = 2 if value & 0x20 else 1
        elif kind == b"\x1bd":
            self._feed(value)
        elif kind == b"\x1dV":
            self._stand_alone(CUT, 0.0)
        else:
            self._draw(command)

    def _feed(self, count: int) -> None:
        for _ in range(count):
            self.end_line()

    def _draw(self, command: bytes) -> None:
        """A picture or a code, in words."""
        if command[:3] == b"\x1d(k" and command[5:7] == b"1P":
            self._code = command[8:]
        elif command[:3] == b"\x1d(k" and command[5:7] == b"1Q":
            self._stand_alone(f"[QR: {_shown(self._code)}]", self._place)
        elif command[:2] == b"\x1dk":
            data = command[4:] if command[2] >= 65 else command[3:-1]
            self._stand_alone(f"[barcode: {_shown(data.removeprefix(b'{B').replace(b'{{', b'{'))}]", self._place)
        elif command[:2] == b"\x1dv":
            self._stand_alone("[picture]", self._place)

    def _stand_alone(self, words: str, place: float) -> None:
        self.end_line(keep_empty=False)
        self.lines.append(_Line(words, len(words), place))


def _shown(data: bytes) -> str:
    return "".join(mark for mark in data.decode("utf-8", "replace") if mark.isprintable())


def _pair(data: bytes, at: int) -> int:
    return data[at] + 256 * data[at + 1]
