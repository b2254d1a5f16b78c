"""How scales of different makers speak: their commands, their lines and what they answer besides. Pure.

Written after the same manuals as the drivers, but apart from them, so that one checks the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum


class Act(Enum):
    """What a command makes a scale do."""

    NOW = "now"
    AT_REST = "at rest"
    TARE = "tare"
    ZERO = "zero"
    INFO = "info"


SINGLE = re.compile(rb"(?s).")
LINES = re.compile(rb"([^\r\n]*)[\r\n]+")
ESCAPES = re.compile(rb"\x1b(?:[A-Z]|x\d_)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """One maker's protocol. `weight` is a line without its end; `accepted` comes before an act, `done` after it."""

    weight: Callable[[float, bool, str], str]
    commands: Mapping[bytes, Act]
    cut: re.Pattern[bytes] = LINES  # how commands are told apart in what is received
    accepted: Mapping[Act, str] = field(default_factory=dict)
    done: Mapping[Act, str] = field(default_factory=dict)
    unknown: str = ""  # said to a command that it does not know; '' for nothing
    overload: str = ""

    def commands_in(self, data: bytes) -> tuple[list[bytes], bytes]:
        """The commands that are complete, and what is left."""
        found, at = [], 0
        while match := self.cut.search(data, at):
            found.append(match[1] if self.cut is LINES else match[0])
            at = match.end()
        return [command for command in found if command], data[at:] if self.cut is LINES else data[at:][-8:]


def _plain(weight: float, is_stable: bool, unit: str) -> str:
    return f"{weight:10.3f} {unit}"


def _kern(weight: float, is_stable: bool, unit: str) -> str:
    return f" {'-' if weight < 0 else ' '}{abs(weight):10.3f} {unit if is_stable else '':3}"


def _comma(weight: float, is_stable: bool, unit: str) -> str:
    return f"{'ST' if is_stable else 'US'},GS {weight:.3f}{unit.upper()}"


def _mt_sics(weight: float, is_stable: bool, unit: str) -> str:
    return f"S {'S' if is_stable else 'D'} {weight:10.3f} {unit}"


def _sbi(weight: float, is_stable: bool, unit: str) -> str:
    return f"N     {'-' if weight < 0 else '+'} {abs(weight):8.3f} {unit if is_stable else '':3}"


def _and(weight: float, is_stable: bool, unit: str) -> str:
    return f"{'ST' if is_stable else 'US'},{weight:+09.3f}{unit:>3}"


def _ohaus(weight: float, is_stable: bool, unit: str) -> str:
    return f"{weight:11.3f} {unit:5}{' ' if is_stable else '?'}N"


def _radwag(weight: float, is_stable: bool, unit: str) -> str:
    return f"SI  {' ' if is_stable else '?'}{'-' if weight < 0 else ' '}{abs(weight):9.3f} {unit:3}"


def _cas(weight: float, is_stable: bool, unit: str) -> str:
    return f"{'ST' if is_stable else 'US'},GS,{'-' if weight < 0 else '+'}{abs(weight):8.3f}{unit}"


def _adam(weight: float, is_stable: bool, unit: str) -> str:
    return f"N {'-' if weight < 0 else '+'} {abs(weight):.3f} {unit}"


_KERN_BYTES = {b"w": Act.NOW, b"s": Act.AT_REST, b"t": Act.TARE, b"z": Act.ZERO}
_CAPITALS = {b"W": Act.NOW, b"S": Act.AT_REST, b"T": Act.TARE, b"Z": Act.ZERO}

STYLES: dict[str, Speech] = {
    "plain": Speech(weight=_plain, commands=_KERN_BYTES, cut=SINGLE),
    "kern": Speech(weight=_kern, commands=_KERN_BYTES, cut=SINGLE, overload="   =Overload="),
    "comma": Speech(weight=_comma, commands=_KERN_BYTES | _CAPITALS, cut=SINGLE),
    "mt-sics": Speech(
        weight=_mt_sics,
        commands={b"SI": Act.NOW, b"S": Act.AT_REST, b"T": Act.TARE, b"Z": Act.ZERO, b"I2": Act.INFO},
        done={Act.TARE: "T S {tare:10.3f} {unit}", Act.ZERO: "Z A", Act.INFO: 'I2 A "Simulated 500.000 g"'},
        unknown="ES",
        overload="S +",
    ),
    "sartorius-sbi": Speech(
        weight=_sbi,
        commands={b"\x1bP": Act.NOW, b"\x1bT": Act.TARE, b"\x1bV": Act.ZERO, b"\x1bx1_": Act.INFO},
        cut=ESCAPES,
        done={Act.INFO: "SIM3202-1S"},
        overload="Stat High",
    ),
    "and": Speech(
        weight=_and,
        commands={b"Q": Act.NOW, b"S": Act.AT_REST, b"T": Act.TARE, b"Z": Act.ZERO, b"?ID": Act.INFO},
        done={Act.INFO: "LAB-0123"},
        unknown="EC,E01",
        overload="OL,+9999999E+19",
    ),
    "ohaus": Speech(
        weight=_ohaus,
        commands={b"IP": Act.NOW, b"SP": Act.AT_REST, b"T": Act.TARE, b"Z": Act.ZERO, b"PV": Act.INFO},
        done={Act.TARE: "OK!", Act.ZERO: "OK!", Act.INFO: "SR 1.21"},
        unknown="ES",
    ),
    "radwag": Speech(
        weight=_radwag,
        commands={b"SI": Act.NOW, b"S": Act.AT_REST, b"T": Act.TARE, b"Z": Act.ZERO, b"NB": Act.INFO},
        accepted={Act.AT_REST: "S A", Act.TARE: "T A", Act.ZERO: "Z A"},
        done={Act.TARE: "T D", Act.ZERO: "Z D", Act.INFO: 'NB A "1234567"'},
        unknown="ES",
        overload="SI ^",
    ),
    "cas": Speech(weight=_cas, commands=_CAPITALS, cut=SINGLE, overload="OL,GS,+ 999.999kg"),
    "adam": Speech(weight=_adam, commands={b"P": Act.NOW, b"T": Act.TARE, b"Z": Act.ZERO}, unknown="?"),
}
