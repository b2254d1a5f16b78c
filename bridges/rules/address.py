"""Out-topics with placeholders, as `kpm33b/{device}/seconds`: checked when saved, filled in for each message. Pure.

A value from a message must never widen or redirect an address: wildcards, slashes and a leading '$' are refused.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

from bridges.mqtt.filters import TopicFault, check_name
from bridges.rules.expression import Variables
from bridges.rules.faults import ExpressionFault
from bridges.rules.paths import ABSENT, Path, look_up
from bridges.rules.syntax import read_shape
from telemetry.values import Json

MAX_LEVEL: Final = 200
_PIECE = re.compile(r"\{\{|\}\}|\{(?P<inside>[^{}]*)\}|(?P<stray>[{}])")
_TOPIC_LEVEL = re.compile(r"topic\[(-?[0-9]{1,3})\]")
_KNOWN = "{device}, {source}, {topic}, {topic[1]}, {payload.x} and {readings.x}"


class AddressFault(ValueError):
    """A template that cannot be used, or a message that cannot fill it in. The text names the placeholder."""


@dataclass(frozen=True, slots=True)
class _Placeholder:
    said: str  # as written, with its braces
    path: Path = ()
    level: int | None = None  # of the topic, counted from 0, or from the end when negative


class AddressTemplate:
    """A compiled template. `{{` and `}}` stand for the braces themselves. Immutable."""

    def __init__(self, template: str) -> None:
        """Raises AddressFault for an unknown placeholder or a text that is no topic."""
        self.template = template
        self._pieces = _pieces(template)
        try:
            check_name("".join(piece if isinstance(piece, str) else "x" for piece in self._pieces))
        except TopicFault as fault:
            raise AddressFault(str(fault)) from fault

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The placeholders as written, in order."""
        return tuple(piece.said for piece in self._pieces if isinstance(piece, _Placeholder))

    def render(self, variables: Variables, allow_slash: bool = False) -> str:
        """The address for a message; raises AddressFault when a value cannot stand in a topic."""
        texts = [
            piece if isinstance(piece, str) else _filled(piece, variables, allow_slash=allow_slash)
            for piece in self._pieces
        ]
        address = "".join(texts)
        if address.startswith("$") and not self.template.startswith("$"):
            raise AddressFault(f"{self.template}: a value cannot make the topic begin with '$'")
        try:
            check_name(address)
        except TopicFault as fault:
            raise AddressFault(f"{self.template}: {fault}") from fault
        return address


def _pieces(template: str) -> list[str | _Placeholder]:
    pieces: list[str | _Placeholder] = []
    position = 0
    for found in _PIECE.finditer(template):
        pieces.append(template[position : found.start()])
        position = found.end()
        if found["stray"]:
            raise AddressFault(
                f"a single '{found['stray']}' at character {found.start() + 1}; write it twice to mean it"
            )
        inside = found["inside"]
        pieces.append(found.group()[0] if inside is None else _placeholder(inside.strip()))
    pieces.append(template[position:])
    return [piece for piece in pieces if piece != ""]


def _placeholder(inside: str) -> _Placeholder:
    said = f"{{{inside}}}"
    level = _TOPIC_LEVEL.fullmatch(inside)
    if level:
        number = int(level[1])
        if abs(number) > MAX_LEVEL:
            raise AddressFault(f"{said}: a topic level may be at most {MAX_LEVEL}")
        return _Placeholder(said, level=number)
    try:
        path = read_shape(inside).path
    except ExpressionFault as fault:
        raise AddressFault(f"{said}: {fault.message}; known are {_KNOWN}") from fault
    if path is None or path[0] == "time" or path in (("payload",), ("readings",)):
        raise AddressFault(f"{said} cannot be filled in; known are {_KNOWN}")
    return _Placeholder(said, path)


def _filled(placeholder: _Placeholder, variables: Variables, *, allow_slash: bool) -> str:
    text = _text(_value(placeholder, variables), placeholder.said)
    for forbidden in "+#\x00":
        if forbidden in text:
            raise AddressFault(f"{placeholder.said} holds {_name_of(forbidden)}, which a topic cannot")
    if "/" in text and not allow_slash:
        raise AddressFault(f"{placeholder.said} holds '/', which this topic does not allow in values")
    return text


def _value(placeholder: _Placeholder, variables: Variables) -> Json:
    if placeholder.level is None:
        return look_up(variables, placeholder.path)
    levels = variables.topic.split("/") if variables.topic else []
    is_there = -len(levels) <= placeholder.level < len(levels)
    return levels[placeholder.level] if is_there else ABSENT


def _text(value: Json, said: str) -> str:
    if value is ABSENT or value is None:
        raise AddressFault(f"{said} is missing or null")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return _number(value, said)
    if not isinstance(value, str):
        raise AddressFault(f"{said} is a list or an object, not a single value")
    if not value:
        raise AddressFault(f"{said} is empty")
    return value


def _number(value: float, said: str) -> str:
    if not math.isfinite(value):
        raise AddressFault(f"{said} is not a finite number")
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _name_of(forbidden: str) -> str:
    return "NUL" if forbidden == "\x00" else f"'{forbidden}'"
