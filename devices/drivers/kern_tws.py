"""KERN scales that take single bytes `s`, `w`, `t` (572, 573, KB, DS, FKB, FKT, IKT, PKT, PCB, KDE).

Sources: KERN PCB-BA-e-1315 p. 35, FKB_A-BA-e-1513 p. 37, KDE-T-BA_IA-e-1210 p. 36.
"""

from __future__ import annotations

from re import ASCII, compile
from typing import ClassVar

from devices.drivers.commands import Command
from devices.drivers.scale import ScaleDriver, tell
from devices.drivers.weighing import FRAGMENT, NUMBER, Kind, ScaleLine, error, words_or_fragment

_COLUMNS = 16
_LINE = compile(
    rf"[ M](?P<sign>[ -])(?= *{NUMBER} )(?P<field>[ ]*(?P<number>{NUMBER})) (?P<unit>[A-Za-z%]{{0,3}}) *", ASCII
)


class KernTwsDriver(ScaleDriver):
    """18 bytes a line with CR LF, each column fixed. The unit is shown only at rest, so a line cut short is known."""

    name = "kern-tws"
    label = "KERN scale (s, w, t)"
    help = (
        "KERN 572, 573, KB, DS, FKB, FKT, IKT, PKT, PCB, KDE and others: single letters without a line end. "
        "An unstable weight comes without a unit. Tare has no answer: ask for the weight to see that it worked."
    )
    commands: ClassVar = (
        Command(name="print", label="Weigh now", data=b"w", is_question=True),
        Command(name="stable", label="Stable weight", data=b"s", waits_for_rest=True, is_question=True),
        Command(name="tare", label="Tare", data=b"t", lines=0),
    )
    tells: ClassVar = (
        tell(
            rf"[ M][ -](?=[ ]*{NUMBER} )[ \d.]{{10}} [A-Za-z%]{{1,3}} *",
            0.8,
            "16 columns as KERN prints a stable weight",
        ),
        tell(
            rf"[ M][ -](?=[ ]*{NUMBER} )[ \d.]{{10}} {{4}}",
            0.6,
            "16 columns without a unit, as KERN prints a moving weight",
        ),
        tell(r".*=Overload=.*| {7,11}Error *", 0.8, "the words of a KERN scale for an overload or an error"),
    )

    def parse(self, line: str) -> ScaleLine:
        """By column: the value ends in the twelfth, the unit begins in the fourteenth."""
        if "=Overload=" in line:
            return error("overload")
        if line.strip() == "Error":
            return error("Error")
        match = _LINE.fullmatch(line.ljust(_COLUMNS))
        if match is None:
            return words_or_fragment(line)
        if match.end("number") != _COLUMNS - 4 or len(line) > _COLUMNS:
            return FRAGMENT
        is_count = match["unit"].lower() == "pcs"
        return self.measured(Kind.COUNT if is_count else Kind.WEIGHT, match, is_stable=bool(match["unit"]))
