"""Sartorius balances that speak SBI: ESC and a letter in, lines of 16 or 22 characters out.

Source: the SBI data format as documented and captured at graysonbellamy.github.io/sartoriuslib.
"""

from __future__ import annotations

from re import ASCII, IGNORECASE, compile
from typing import ClassVar

from devices.drivers.commands import Command
from devices.drivers.scale import ScaleDriver, tell
from devices.drivers.weighing import FRAGMENT, NUMBER, Kind, ScaleLine, error, info, words_or_fragment

_ID = r"(?P<id>[GNT][1-9#]?|Qnt|Nnet)"
_LINE = compile(rf"(?:{_ID} +)?(?P<sign>[+-]?) *(?P<number>{NUMBER}) *(?P<unit>[^\s\d]{{0,3}}) *", ASCII)
_STATUS = compile(
    r"(?:Stat)? *(?P<words>H|High|L|Low|(?:Err|ERR)\.? *\d+|(?:APP|DIS|PRT)\.? *ERR) *", ASCII | IGNORECASE
)
_UNSIGNED_COLUMNS = 12  # a shorter line without a sign may have lost digits in front

_ERRORS = {
    "h": "overload",
    "high": "overload",
    "l": "underload",
    "low": "underload",
    "app": "application_error",
    "dis": "display_error",
    "prt": "print_error",
}
_MODES = {"N": "net", "G": "gross", "T": "tare"}


class SartoriusSbiDriver(ScaleDriver):
    """A weight has its unit only at rest. A number without its layout is the tail of a cut line, never a weight."""

    name = "sartorius-sbi"
    label = "Sartorius balance (SBI)"
    help = (
        "Sartorius balances set to SBI: ESC and a letter. Often 9600 7 odd 1 or 19200 8N1, old models 1200 7 odd 1. "
        "An unstable weight comes without a unit. Tare and zero have no answer."
    )
    commands: ClassVar = (
        Command(name="print", label="Weigh now", data=b"\x1bP", is_question=True),
        Command(name="tare", label="Tare and zero", data=b"\x1bT", lines=0),
        Command(name="tare-only", label="Tare", data=b"\x1bU", lines=0),
        Command(name="zero", label="Zero", data=b"\x1bV", lines=0),
        Command(name="info", label="Model", data=b"\x1bx1_", is_question=True),
        Command(name="serial", label="Serial number", data=b"\x1bx2_", is_question=True),
        Command(name="software", label="Software version", data=b"\x1bx3_", is_question=True),
    )
    tells: ClassVar = (
        tell(
            rf"(?=.{{6}}[ +-] ){_ID} *[ +-] [ \d.]{{8}} \S{{0,3}} *|Qnt +[+-]? *{NUMBER} pcs *",
            0.95,
            "22 characters with N, G, T or Qnt in front, as SBI prints them",
        ),
        tell(
            rf"[+-] (?=[ ]*{NUMBER} )[ \d.]{{8}} \S{{0,3}} *",
            0.85,
            "16 characters that begin with the sign, as SBI prints them",
        ),
        tell(r"Stat\b.*", 0.9, "Stat in front of a state, as SBI says it"),
        tell(r" {2}(?=[ ]*\d)[ \d.]{8} \S{1,3} *", 0.45, "a number in columns that SBI could have"),
    )

    def parse(self, line: str) -> ScaleLine:
        """A weight, a state, an error, words, or a fragment."""
        if match := _LINE.fullmatch(line):
            if not match["sign"] and not match["id"] and (not match["unit"] or len(line) < _UNSIGNED_COLUMNS):
                return FRAGMENT
            mode = (match["id"] or "")[:1]
            said = {"mode": _MODES[mode]} if mode in _MODES else {}
            return self.measured(
                Kind.TARE if mode == "T" else Kind.WEIGHT, match, is_stable=bool(match["unit"]), **said
            )
        if match := _STATUS.fullmatch(line):
            return error(_error_name(match["words"]))
        if line.startswith("Stat"):
            return ScaleLine(kind=Kind.STATUS, said={"status": " ".join(line[4:].split())})
        if line.startswith("SerNo."):
            return info(serial_number=line[6:].strip())
        return words_or_fragment(line)


def _error_name(words: str) -> str:
    """`error_101` for `ERR 101`; else what the letters stand for."""
    low = words.lower()
    if low.startswith("err"):
        return "error_" + low[3:].strip(" .")
    return _ERRORS[low.partition(".")[0].partition(" ")[0]]
