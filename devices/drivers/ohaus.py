"""OHAUS balances in their own format. Sources: OHAUS RS232 manual p. EN-3; Ethernet kit manual 30064478B; iblrig."""

from __future__ import annotations

from re import ASCII, compile
from typing import ClassVar

from devices.drivers.commands import Command
from devices.drivers.scale import ScaleDriver, options_with, tell
from devices.drivers.weighing import FRAGMENT, NUMBER, Kind, ScaleLine, acknowledged, error, info, words_or_fragment

_LINE = compile(
    rf"(?P<field> *(?P<sign>-?) *(?P<number>{NUMBER})) +(?P<unit>[A-Za-z%]{{1,5}}) *(?P<mark>\??) *(?P<mode>NT|[GNT]?)"
    r"(?: +(?:TOTAL|[\d:/. ]+))? *",
    ASCII,
)
_FIELD_COLUMNS = 9  # the value is right-aligned in 9 to 11; a shorter one may have lost digits in front
_VERSION = compile(r"SR +\S+", ASCII)


class OhausDriver(ScaleDriver):
    """The value right-aligned, the unit, a question mark while it moves."""

    name = "ohaus"
    label = "OHAUS balance"
    help = (
        "OHAUS Scout, Ranger, Navigator, Traveler, Adventurer, Explorer and others in the OHAUS format. "
        "Some OHAUS models speak MT-SICS instead: they answer P with ES. Then choose MT-SICS."
    )
    options: ClassVar = options_with(command_terminator="crlf", rest_timeout_s=40.0)
    commands: ClassVar = (
        Command(name="print", label="Weigh now", data=b"IP", is_question=True),
        Command(name="stable", label="Stable weight", data=b"SP", waits_for_rest=True, is_question=True),
        Command(name="tare", label="Tare", data=b"T", is_certain=False),
        Command(name="zero", label="Zero", data=b"Z", is_certain=False),
        Command(name="info", label="Version", data=b"PV", is_question=True),
        Command(name="unit", label="Unit", data=b"PU", is_question=True),
        Command(name="stream", label="Send without end", data=b"CP"),
        Command(name="cancel", label="Stop sending", data=b"0P", is_certain=False),
    )
    tells: ClassVar = (
        tell(
            rf" *-?{NUMBER} +[A-Za-z%]{{1,5}} *(\? *(NT|[GN])?|\??(NT|[GN])) *",
            0.85,
            "? or G, N, NT behind the unit, as OHAUS prints",
        ),
        tell(
            rf" *-?{NUMBER} +[A-Za-z%]{{1,5}} *",
            0.5,
            "a right-aligned number and its unit, as OHAUS prints it (others do too)",
        ),
        tell(r"OK!", 0.7, "OK!, as an OHAUS New Scout answers"),
        tell(r"ES", 0.3, "ES, which an OHAUS answers when it is busy"),
    )

    def parse(self, line: str) -> ScaleLine:
        """A weight, an acknowledgement, an error or words."""
        if match := _LINE.fullmatch(line):
            if len(match["field"]) < _FIELD_COLUMNS:
                return FRAGMENT
            said = {"mode": match["mode"]} if match["mode"] else {}
            return self.measured(_kind(match["mode"], match["unit"]), match, is_stable=not match["mark"], **said)
        words = line.strip()
        if words == "ES":
            return error("busy_or_invalid")
        if words == "OK!":
            return acknowledged("")
        if _VERSION.fullmatch(words):  # one command late it would look like the answer to a question for the weight
            return info(command="PV", says=words)
        return words_or_fragment(line)


def _kind(mode: str, unit: str) -> Kind:
    if mode == "T":
        return Kind.TARE
    return Kind.COUNT if unit.lower() in ("pcs", "pc") else Kind.WEIGHT
