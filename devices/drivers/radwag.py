"""Radwag balances: first an acknowledgement, then the weight.

Sources: Radwag PS R2 p. 159, AS R2 PLUS p. 83, PUE C/31 p. 58.
"""

from __future__ import annotations

from re import ASCII, Match, compile
from typing import ClassVar

from devices.drivers.commands import Command, Part
from devices.drivers.scale import ScaleDriver, options_with, tell
from devices.drivers.weighing import (
    FRAGMENT,
    NUMBER,
    Kind,
    ScaleLine,
    acknowledged,
    error,
    info,
    words_or_fragment,
)

_LINE = compile(
    rf"(?P<command>[A-Z]{{1,3}}) {{1,4}}(?P<mark>[?^v]?) *"
    rf"(?P<sign>[+-]?) *(?P<number>{NUMBER}) (?P<unit>[A-Za-z%]{{0,3}}) *",
    ASCII,
)
_VALUE_ENDS = 15  # the column where the nine of the mass end: a line cut in front ends sooner
_REPLY = compile(r"(?P<command>[A-Z]{1,3}) (?P<state>A|D|I|E|OK|\^|v)", ASCII)
_TOLD = compile(r'(?P<command>[A-Z]{1,3}) A "?(?P<says>[^"]+)"?', ASCII)
_REFUSALS = {"I": "not_available_now", "E": "no_stability_timeout", "^": "overload", "v": "underload"}


class RadwagDriver(ScaleDriver):
    """A command is answered by `S A` (taken) and then by the weight, or by one line that says why not."""

    name = "radwag"
    label = "Radwag balance"
    help = "Radwag PS, AS, WLC, PUE and others. One command gives two lines: taken, then the weight. Usually 9600 8N1."
    options: ClassVar = options_with(command_terminator="crlf")
    commands: ClassVar = (
        Command(name="print", label="Weigh now", data=b"SI", is_question=True),
        Command(name="stable", label="Stable weight", data=b"S", lines=2, waits_for_rest=True, is_question=True),
        Command(name="tare", label="Tare", data=b"T", lines=2, waits_for_rest=True),
        Command(name="zero", label="Zero", data=b"Z", lines=2, waits_for_rest=True),
        Command(name="serial", label="Serial number", data=b"NB", is_question=True),
    )
    tells: ClassVar = (
        tell(
            rf"(S|SI|SU|SUI) {{1,4}}[?^v ]? *[+-]? *{NUMBER} \S{{1,3}} *(?<=.{{16}})",
            0.95,
            "21 bytes with the command in front, as Radwag sends",
        ),
        tell(r"(S|SI|SU|SUI|T|Z) (A|D|E|\^|v)", 0.6, "a command and A, D, E, ^ or v, as Radwag answers first"),
        tell(r"(S|SI|SU|SUI) I", 0.4, "a command and I: not now"),
    )

    def parse(self, line: str) -> ScaleLine:
        """A weight, an acknowledgement, an error or words."""
        if match := _LINE.fullmatch(line):
            return self._weight(line, match)
        words = line.strip()
        if words == "ES":
            return error("syntax_error")
        if match := _REPLY.fullmatch(words):
            command, state = match["command"], match["state"]
            if state in _REFUSALS:
                return error(_REFUSALS[state], command=command)
            return acknowledged(command, **({"says": "done"} if state in ("D", "OK") else {}))
        if match := _TOLD.fullmatch(words):
            name = "serial_number" if match["command"] == "NB" else "says"
            return info(command=match["command"], **{name: match["says"]})
        return words_or_fragment(line)

    def answer_part(self, payload: bytes, frame: bytes, *, seen: int) -> Part:
        """`S A` only says that more comes; what comes then ends the answer, after however many lines."""
        line = self.line(frame)
        if line.kind is Kind.FRAGMENT:
            return Part.NONE
        is_begun = line.kind is Kind.ACK and "says" not in line.said
        return Part.MORE if is_begun and self.answer(payload).lines > seen + 1 else Part.LAST

    def _weight(self, line: str, match: Match[str]) -> ScaleLine:
        if match.end("number") < _VALUE_ENDS:
            return FRAGMENT
        command, mark = match["command"], match["mark"]
        if mark in _REFUSALS:
            return error(_REFUSALS[mark], command=command)
        kind = Kind.TARE if command == "OT" else Kind.COUNT if match["unit"] == "pcs" else Kind.WEIGHT
        return self.measured(kind, match, is_stable=not mark, command=command)
