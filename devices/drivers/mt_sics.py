"""Balances that speak MT-SICS: Mettler Toledo, and many of OHAUS, KERN (KCP) and Sartorius.

Sources: the MT-SICS reference manual; Mettler Toledo AT p. 87, AL-IC p. 72; btek T104 p. 44.
"""

from __future__ import annotations

from re import ASCII, compile, fullmatch
from typing import ClassVar

from devices.drivers.commands import Command, Part
from devices.drivers.scale import ScaleDriver, options_with, tell
from devices.drivers.weighing import (
    NUMBER,
    SIGN,
    Kind,
    ScaleLine,
    acknowledged,
    error,
    info,
    words_or_fragment,
)

_VALUE = rf"(?P<sign>{SIGN}) *(?P<number>{NUMBER}) *(?P<unit>[^\s\d]{{0,6}}) *"
_WEIGHT = compile(rf"(?P<command>S|T|TI|SU) +(?P<state>[SD]) +{_VALUE}", ASCII)
_PRINTED = compile(rf" +(?P<mode>[NGT]) +{_VALUE}", ASCII)  # the print key of an MS204TS; it prints at rest
_TARED = compile(rf"(?P<command>TA?) +A +{_VALUE}", ASCII)
_REPLY = compile(r"(?P<command>@|[A-Z][A-Z0-9]{0,4}) +(?P<state>[ABIL+-])(?: +(?P<rest>.*))?", ASCII)

_ERRORS = {"ES": "syntax_error", "ET": "transmission_error", "EL": "logical_error"}
_REFUSALS = {
    "I": "not_executable_or_no_stability_timeout",
    "L": "bad_parameter",
    "+": "overload",
    "-": "underload",
}
_MODES = {"N": "net", "G": "gross", "T": "tare"}


class MtSicsDriver(ScaleDriver):
    """One reply for one command; the first letter of a reply says which command it belongs to."""

    name = "mt-sics"
    label = "MT-SICS balance (Mettler Toledo and others)"
    help = "Mettler Toledo, and many OHAUS, KERN (KCP) and Sartorius balances that are set to SICS. Usually 9600 8N1."
    options: ClassVar = options_with(command_terminator="crlf")
    commands: ClassVar = (
        Command(name="print", label="Weigh now", data=b"SI", is_question=True),
        Command(name="stable", label="Stable weight", data=b"S", waits_for_rest=True, is_question=True),
        Command(name="tare", label="Tare", data=b"T", waits_for_rest=True),
        Command(name="zero", label="Zero", data=b"Z", waits_for_rest=True),
        Command(name="info", label="Model", data=b"I2", is_question=True),
        Command(name="serial", label="Serial number", data=b"I4", is_question=True),
        Command(name="stream", label="Send without end", data=b"SIR"),
        Command(name="cancel", label="Stop, and begin anew", data=b"@"),
    )
    tells: ClassVar = (
        tell(
            rf"(S|T|TI) +[SD] +{SIGN} *{NUMBER} *\S{{1,6}} *", 0.97, "S S or S D before the weight, as MT-SICS says it"
        ),
        tell(r"(I\d+|@|TA|T) +[AB] .*", 0.9, "an MT-SICS reply: the command, A, and what was asked for"),
        tell(
            rf" +[NGT] +{SIGN} *{NUMBER} \S{{1,6}} *", 0.6, "N, G or T before the weight, as Mettler Toledo prints it"
        ),
        tell(r"(S|T|Z|TA|TI|ZI) +[IL+-]|ES|ET|EL|[TZ] A", 0.5, "a short reply that MT-SICS has"),
    )

    def parse(self, line: str) -> ScaleLine:
        """A weight, a tare, an acknowledgement, an error, or words."""
        if line.strip() in _ERRORS:
            return error(_ERRORS[line.strip()])
        if match := _WEIGHT.fullmatch(line):
            is_tare = match["command"].startswith("T")
            said = {"command": match["command"]} if is_tare else {}
            kind = Kind.TARE if is_tare else _weight_or_count(match["unit"])
            return self.measured(kind, match, is_stable=match["state"] == "S", **said)
        if match := _PRINTED.fullmatch(line):
            kind = Kind.TARE if match["mode"] == "T" else _weight_or_count(match["unit"])
            return self.measured(kind, match, is_stable=True, mode=_MODES[match["mode"]])
        if match := _TARED.fullmatch(line):
            kind = Kind.TARE if match["command"] == "TA" else Kind.ACK
            return self.measured(kind, match, command=match["command"])
        match = _REPLY.fullmatch(line.rstrip())
        return _reply(match["command"], match["state"], match["rest"] or "") if match else words_or_fragment(line)

    def answer_part(self, payload: bytes, frame: bytes, *, seen: int) -> Part:
        """A reply names its command: one to an earlier command, come late, is not taken for this one's."""
        words = frame.decode("ascii", "replace").split()
        asked = self._said(payload).decode("ascii", "replace").split()[:1]
        if self.command_of(payload) and words and words[0] not in _heads(asked[0]) | _ERRORS.keys():
            return Part.NONE
        return Part.MORE if words[1:2] == ["B"] else super().answer_part(payload, frame, seen=seen)


def _reply(command: str, state: str, rest: str) -> ScaleLine:
    if state in _REFUSALS:
        return error(_REFUSALS[state], command=command)
    told = rest.strip().strip('"')
    if command == "@":
        return acknowledged(command, **({"serial_number": told} if told else {}))
    if command == "I4":
        return info(command=command, serial_number=told)
    if command == "I2":
        return info(command=command, **_model(told))
    if fullmatch(r"I\d+", command):
        return info(command=command, **({"says": told} if told else {}))
    return acknowledged(command, **({"says": told} if told else {}))


def _model(told: str) -> dict[str, str]:
    """Name and capacity: `R31P1502 Abacus 1504.50 g`."""
    match = fullmatch(r"(.*\S)\s+(\d[\d.,]*\s*\S{1,5})", told)
    return {"model": match[1], "capacity": match[2]} if match else {"model": told}


def _heads(command: str) -> frozenset[str]:
    """With which words a reply to this command begins."""
    if command.startswith("S"):
        return frozenset({"S", command})
    return frozenset({"@", "I4"}) if command == "@" else frozenset({command})


def _weight_or_count(unit: str) -> Kind:
    return Kind.COUNT if unit.lower() == "pcs" else Kind.WEIGHT
