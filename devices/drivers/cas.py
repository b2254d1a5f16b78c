"""Indicators that send `ST,GS,…`: CAS, Torrey, KERN KFB/KFN/SFB/GAB-N and many without a name.

Sources: KERN KFB/KFN-TM-BA_IA-e-1323 p. 49, SFB-BA-e-1324 p. 51, GAB-N-BA-e-1315 p. 37; lines of Torrey L-EQ.
"""

from __future__ import annotations

from re import ASCII, IGNORECASE, compile
from typing import ClassVar

from devices.drivers.commands import Command
from devices.drivers.scale import ScaleDriver, tell
from devices.drivers.weighing import FRAGMENT, NUMBER, Kind, ScaleLine, error, words_or_fragment

_VALUE = rf"(?P<sign>[+-]?) *(?P<number>{NUMBER}) *,? *(?P<unit>[^\s\d,]{{0,4}}) *"
_LINE = compile(rf"(?P<state>ST|US)[, ] *(?P<mode>GS|NT|TR|G|N) *,? *{_VALUE}", ASCII | IGNORECASE)
_STREAM = compile(rf"w[nw]{_VALUE}", ASCII)
_LETTER = compile(rf"S +{_VALUE}", ASCII)
_COUNT = compile(r" *(?P<number>\d{1,9}) *(?P<unit>pcs) *", ASCII | IGNORECASE)
_HEADED = compile(r"(?:ST|US)[, ].*|w[nw].*|S +.*", ASCII | IGNORECASE)
_MODES = {"GS": "gross", "G": "gross", "NT": "net", "N": "net", "TR": "tare"}


class CasDriver(ScaleDriver):
    """Stability, gross or net, the value, the unit: with and without commas and blanks between them."""

    name = "cas"
    label = "CAS scale, and others that send ST,GS"
    help = (
        "CAS, Torrey, KERN KFB, KFN, SFB, GAB-N and indicators that send lines such as ST,GS,+ 1.250kg or wn00007.5kg. "
        "Tare and zero have no answer."
    )
    commands: ClassVar = (
        Command(name="print", label="Weigh now", data=b"W", is_question=True),
        Command(name="stable", label="Stable weight", data=b"S", waits_for_rest=True, is_question=True),
        Command(name="tare", label="Tare", data=b"T", lines=0),
        Command(name="zero", label="Zero", data=b"Z", lines=0),
    )
    tells: ClassVar = (
        tell(
            rf"(?i:(ST|US)[, ] *(GS|NT|TR|G|N)) *,? *[+-]? *{NUMBER} *,? *\S{{0,4}} *",
            0.97,
            "ST or US, then GS, NT or TR, as CAS and KERN KFB print",
        ),
        tell(r"OL[, ] *(GS|NT|TR|G|N)\b.*", 0.9, "OL, then GS or NT: an overload as CAS says it"),
        tell(
            rf"w[nw][+-]? *{NUMBER}[A-Za-z]{{1,3}}", 0.9, "wn before the weight, as indicators of this family stream it"
        ),
        tell(rf"S {{1,5}}{NUMBER} *[A-Za-z]{{1,3}} *", 0.4, "a single S before the weight"),
        tell(r" *\d{1,9} *PCS *", 0.5, "a count of pieces as KERN KFB prints it"),
    )

    def parse(self, line: str) -> ScaleLine:
        """A weight, a tare, a count, an overload, or words."""
        if match := _LINE.fullmatch(line):
            mode = _MODES[match["mode"].upper()]
            kind = Kind.TARE if mode == "tare" else Kind.WEIGHT
            return self.measured(kind, match, is_stable=match["state"].upper() == "ST", mode=mode)
        if match := _COUNT.fullmatch(line):
            return self.measured(Kind.COUNT, match)
        if match := _STREAM.fullmatch(line):
            return self.measured(Kind.WEIGHT, match)
        if match := _LETTER.fullmatch(line):
            return self.measured(Kind.WEIGHT, match, is_stable=True)
        if line.upper().startswith(("OL,", "OL ")):
            return error("overload")
        return FRAGMENT if _HEADED.fullmatch(line) else words_or_fragment(line)
