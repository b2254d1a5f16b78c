"""Adam scales: CPWplus and its like, MDW. Sources: Adam CPWplus manual p. 16, MDW manual p. 13."""

from __future__ import annotations

from re import ASCII, compile
from typing import ClassVar

from devices.drivers.commands import Command
from devices.drivers.scale import ScaleDriver, options_with, tell
from devices.drivers.weighing import NUMBER, Kind, ScaleLine, error, words_or_fragment

_LINE = compile(
    rf"(?P<mode>[GNT]) *(?P<sign>[+-]) *(?P<number>{NUMBER}) *(?P<unit>[A-Za-z%]{{0,5}}) *",
    ASCII,
)
_MODES = {"G": "gross", "N": "net", "T": "tare"}


class AdamDriver(ScaleDriver):
    """G or N, the sign, the value, the unit; it never tells whether the pan rests."""

    name = "adam"
    label = "Adam scale"
    help = "Adam CPWplus and its like. An MDW ends its lines with ETX instead of LF: set that below."
    options: ClassVar = options_with(command_terminator="crlf")
    commands: ClassVar = (
        Command(name="print", label="Weigh now", data=b"P", is_question=True),
        Command(name="tare", label="Tare", data=b"T", is_certain=False),
        Command(name="zero", label="Zero", data=b"Z", is_certain=False),
    )
    tells: ClassVar = (
        tell(rf"[GNT] *[+-] *{NUMBER} *[A-Za-z%]{{1,5}} *", 0.8, "G or N, a sign and the weight, as Adam prints"),
        tell(r"\s*\?\s*", 0.4, "a question mark for a command that it does not know"),
    )

    def parse(self, line: str) -> ScaleLine:
        """A weight, a tare, a complaint, or words."""
        if match := _LINE.fullmatch(line):
            kind = Kind.TARE if match["mode"] == "T" else Kind.WEIGHT
            return self.measured(kind, match, mode=_MODES[match["mode"]])
        if line.strip() == "?":
            return error("unrecognised_command")
        return words_or_fragment(line)
