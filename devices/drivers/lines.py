"""Devices that speak lines of text: most scales, Arduinos, scanners. It never guesses a unit or a scale's state."""

from __future__ import annotations

import re
from typing import ClassVar

from devices.drivers.base import Driver
from devices.drivers.commands import Answer
from devices.framing import LineFramer
from telemetry.options import Option
from telemetry.values import Decoded, DecodeFault, Reading

_LINE_ENDS = {"lf": b"\n", "cr": b"\r"}
_COMMAND_ENDS = {"none": b"", "cr": b"\r", "lf": b"\n", "crlf": b"\r\n"}
_ENCODINGS = ("utf-8", "ascii", "latin-1", "cp437", "cp850", "cp852", "cp858", "cp866", "cp1251", "cp1252", "gb18030")

# A number alone or with one unit, after nothing or after one of the stability headers of KERN, A&D, CAS
# ("ST,GS", "US,NT", "ST") and MT-SICS ("S S", "S D"). Whatever else a line says is text.
_NUMBER = re.compile(
    r"\s*(?:(?:ST|US)\s*,\s*(?:(?:GS|NT|G|N)\s*,?\s*)?|S\s+[SD]\s+)?"
    r"(?P<sign>[+-]?)\s*(?P<number>\d{1,20}(?:[.,]\d{1,20})?)\s*,?\s*(?P<unit>[^\W\d_]{1,8}(?:/[^\W\d_]{1,4})?|%|°[CF])?\s*"
)


class LinesDriver(Driver):
    """Text lines in, text commands out."""

    name = "lines"
    label = "Text lines"
    help = "A device that sends lines of text, such as a scale or an Arduino, and takes short commands."
    options: ClassVar[tuple[Option, ...]] = (
        Option(
            name="command_terminator",
            kind=str,
            default="none",
            label="Put after each command",
            help="Many scales take single bytes and read a CR or LF as one more command.",
            choices=tuple(_COMMAND_ENDS),
        ),
        Option(
            name="metric",
            kind=str,
            default="value",
            label="Name of the reading",
            help="A line that is a number, with or without a unit, gives a reading of this name. Empty: never.",
        ),
        Option(
            name="unit",
            kind=str,
            default="",
            label="Unit of a bare number",
            help="Used when the line itself says no unit. Leave empty if the device could be switched to another unit.",
        ),
        Option(name="decimal_comma", kind=bool, default=False, label="The device writes 12,5 for 12.5"),
        Option(
            name="drop_first_partial",
            kind=bool,
            default=False,
            label="Drop the first line after opening",
            help="For a device that sends by itself: the first line may be the tail of one.",
        ),
        Option(name="keep_empty", kind=bool, default=False, label="Keep empty lines"),
        Option(name="encoding", kind=str, default="utf-8", label="Character set", choices=_ENCODINGS),
        Option(name="line_end", kind=str, default="lf", label="Lines end with", choices=tuple(_LINE_ENDS)),
        Option(name="max_bytes", kind=int, default=256, label="Longest line in bytes", minimum=1, maximum=65_536),
        Option(
            name="writes_may_repeat",
            kind=bool,
            default=False,
            label="A write may be repeated",
            help="After a crash in the middle of a write: send it again instead of asking a person.",
        ),
    )

    def framer(self) -> LineFramer:
        """Lines, cut at the declared end."""
        return LineFramer(
            _LINE_ENDS[self.given["line_end"]],
            self.given["max_bytes"],
            drop_first_partial=self.given["drop_first_partial"],
            keep_empty=self.given["keep_empty"],
        )

    def decode(self, frame: bytes) -> Decoded:
        """The line as text, and a reading if it is a number; raises DecodeFault for bytes outside the character set."""
        try:
            text = frame.decode(self.given["encoding"])
        except UnicodeDecodeError as error:
            raise DecodeFault(
                f"byte 0x{frame[error.start]:02x} at {error.start} is not {self.given['encoding']} text"
            ) from error
        return Decoded(text, self._readings(text))

    def encode(self, payload: bytes) -> bytes:
        """The command in the device's character set, ended as declared (not twice)."""
        command, end = self._in_device_encoding(payload), _COMMAND_ENDS[self.given["command_terminator"]]
        return command if end and command.endswith(end) else command + end

    def answer(self, payload: bytes) -> Answer:
        """Perhaps a line: only who asked for an answer waits for it."""
        return Answer(lines=1, is_certain=False)

    @property
    def may_repeat_writes(self) -> bool:
        """As the options say."""
        return bool(self.given["writes_may_repeat"])

    def _readings(self, text: str) -> tuple[Reading, ...]:
        match = _NUMBER.fullmatch(text) if self.given["metric"] else None
        if match is None:
            return ()
        number = match["number"]
        if "," in number:
            if not self.given["decimal_comma"]:
                return ()
            number = number.replace(",", ".")
        value = float(match["sign"] + number)
        return (Reading(self.given["metric"], value, match["unit"] or self.given["unit"]),)

    def _in_device_encoding(self, payload: bytes) -> bytes:
        encoding = self.given["encoding"]
        if encoding in ("utf-8", "ascii"):
            return payload  # command bytes pass as they are
        try:
            return payload.decode().encode(encoding)
        except UnicodeError as error:
            raise DecodeFault(f"the command cannot be said in {encoding}: {error}") from error
