"""What a line of a scale can say: kinds of lines, numbers and units, as plain values. Pure; it knows no protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from telemetry.values import Json, Reading

NUMBER = r"\d{1,20}(?:[.,]\d{1,20})?"
"""A number as scales show it, without its sign. The comma is only taken by who is told to (see `as_number`)."""

SIGN = r"[+-]?"

_PIECES = frozenset({"pcs", "pc", "pce", "pieces", "stk"})
_LOWERED = frozenset({"kg", "g", "mg", "lb", "lbs", "oz", "ct", "pcs"})


class Kind(StrEnum):
    """What sort of thing a line says."""

    WEIGHT = "weight"
    TARE = "tare"
    COUNT = "count"
    ACK = "ack"  # a command was taken
    INFO = "info"  # model, serial number, version, and any other words
    STATUS = "status"  # what the scale is doing, such as calibrating
    ERROR = "error"  # overload, busy, a command that it does not know
    FRAGMENT = "fragment"  # a line cut short, or noise: no number is taken from it


MEASURED = frozenset({Kind.WEIGHT, Kind.TARE, Kind.COUNT})
"""The kinds that give readings. An acknowledgement may show a number too; it is no reading."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleLine:
    """One line, understood. `is_stable` is None where the line does not tell; `unit` is '' where none is shown."""

    kind: Kind
    number: str = ""  # with a point and all its decimals, '-' if negative; '' for a line without a number
    unit: str = ""
    is_stable: bool | None = None
    said: Mapping[str, str] = field(default_factory=dict)  # command, error, mode, comparison, model, ...

    @property
    def metric(self) -> str:
        """The name of its reading: its kind, but `count` for pieces, whatever the scale calls them."""
        return Kind.COUNT.value if self.unit.lower() in _PIECES else self.kind.value

    def as_json(self, raw: str) -> Json:
        """What rules see as `payload`: `text` keeps the decimals that the scale showed, `raw` the whole line."""
        value: dict[str, Json] = {"kind": self.kind.value}
        if self.number:
            value |= {
                "value": float(self.number),
                "unit": self.unit,
                "stable": self.is_stable,
                "text": self.number,
                "decimals": len(self.number.partition(".")[2]),
            }
        return {**value, **self.said, "raw": raw}

    def readings(self) -> tuple[Reading, ...]:
        """The number, and whether the scale was at rest (`stable`, 1 or 0) where the line tells."""
        if self.kind not in MEASURED:
            return ()
        number = Reading(self.metric, float(self.number), self.unit)
        return (number,) if self.is_stable is None else (number, Reading("stable", float(self.is_stable)))


def as_number(sign: str, digits: str, *, decimal_comma: bool) -> str:
    """The number as text without superfluous zeros in front; '' if its comma is not to be understood."""
    if "," in digits:
        if not decimal_comma:
            return ""
        digits = digits.replace(",", ".")
    whole, point, decimals = digits.partition(".")
    return ("-" if sign == "-" else "") + (whole.lstrip("0") or "0") + point + decimals


def as_unit(text: str) -> str:
    """The unit as shown; units of weight in capitals (`KG`) in their usual letters. Never a guess."""
    text = text.strip()
    return text.lower() if text.lower() in _LOWERED else text


def info(**said: str) -> ScaleLine:
    """Words."""
    return ScaleLine(kind=Kind.INFO, said=said)


def error(name: str, **said: str) -> ScaleLine:
    """The scale says that something is wrong."""
    return ScaleLine(kind=Kind.ERROR, said={"error": name, **said})


def acknowledged(command: str, **said: str) -> ScaleLine:
    """A command was taken."""
    return ScaleLine(kind=Kind.ACK, said={"command": command, **said})


FRAGMENT = ScaleLine(kind=Kind.FRAGMENT)


def words_or_fragment(line: str) -> ScaleLine:
    """A line of no known form: words if it begins like words, else what is left of a cut line, or noise."""
    return info() if line.strip()[:1].isalpha() and line.isprintable() and line.isascii() else FRAGMENT
