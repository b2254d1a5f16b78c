"""A&D scales in their standard format. Sources: A&D GC manual p. 51; lines of an FX-300i and an HV-60KC."""

from __future__ import annotations

from re import ASCII, compile
from typing import ClassVar

from devices.drivers.commands import Command
from devices.drivers.scale import ScaleDriver, options_with, tell
from devices.drivers.weighing import FRAGMENT, NUMBER, Kind, ScaleLine, acknowledged, error, words_or_fragment

_HEADS = "ST|US|QT|WT"
_LINE = compile(
    rf"(?P<head>{_HEADS}),(?:(?P<comparison>LO|OK|HI|--),)?"
    rf"(?P<sign>[+-]) *(?P<number>{NUMBER}) *(?P<unit>[^\s\d]{{0,3}}) *",
    ASCII,
)
_FAULT = compile(r"EC,(E\d{1,3})", ASCII)
_HEADED = compile(rf"(?:{_HEADS}|OL|EC),?.*", ASCII)
_IS_STABLE = {"ST": True, "QT": True, "US": False, "WT": None}


class AndDriver(ScaleDriver):
    """Two letters, a comma, the sign, the value, the unit."""

    name = "and"
    label = "A&D scale"
    help = "A&D FX, GX, GF, GC, HV and others in their standard format. The factory setting is often 2400 7 even 1."
    options: ClassVar = options_with(command_terminator="crlf")
    commands: ClassVar = (
        Command(name="print", label="Weigh now", data=b"Q", is_question=True),
        Command(name="stable", label="Stable weight", data=b"S", waits_for_rest=True, is_question=True),
        Command(name="tare", label="Tare", data=b"T", is_certain=False),
        Command(name="zero", label="Zero", data=b"Z", is_certain=False),
        Command(name="info", label="Identification", data=b"?ID", is_question=True),
        Command(name="serial", label="Serial number", data=b"?SN", is_question=True),
        Command(name="stream", label="Send without end", data=b"SIR"),
        Command(name="cancel", label="Stop sending", data=b"C", is_certain=False),
    )
    tells: ClassVar = (
        tell(
            rf"({_HEADS}),((LO|OK|HI|--),)?[+-] *{NUMBER} *\S{{1,3}} *",
            0.97,
            "ST, US, QT or WT, a comma and a sign, as A&D prints",
        ),
        tell(r"OL,[+-].*|EC,E\d+", 0.9, "OL or EC and a comma, as A&D says that something is wrong"),
    )

    def parse(self, line: str) -> ScaleLine:
        """A weight or a count, an overload, a fault of a command, or words (such as the scale's own id)."""
        if match := _LINE.fullmatch(line):
            said = {"comparison": match["comparison"]} if match["comparison"] else {}
            kind = Kind.COUNT if match["head"] == "QT" else Kind.WEIGHT
            return self.measured(kind, match, is_stable=_IS_STABLE[match["head"]], **said)
        if line.startswith("OL,"):
            return error("overload")
        if match := _FAULT.fullmatch(line.strip()):
            return error(match[1])
        if line.strip() == "\x06":
            return acknowledged("")
        return FRAGMENT if _HEADED.fullmatch(line) else words_or_fragment(line)
