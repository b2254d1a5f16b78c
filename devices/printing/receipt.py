"""A receipt before it becomes bytes or a picture: lines of styled text, codes, the logo, feeds and cuts. Pure.

A template's output is text with marks in it. A mark is a number between two characters of the private use area, which
`without_marks` takes out of every value first: nothing that a message says can draw, cut or switch a style.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from devices.printing.code_pages import printable

OPEN, CLOSE = "\ue000", "\ue001"
_MARK: Final = re.compile(f"{OPEN}(\\d+){CLOSE}")
MAX_ITEMS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How characters look, and where their line stands."""

    align: str = "left"
    is_bold: bool = False
    is_underlined: bool = False
    is_inverted: bool = False
    is_wide: bool = False
    is_tall: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters of one style."""

    text: str
    style: Style


@dataclass(frozen=True, slots=True)
class Line:
    """One line; an empty one has no pieces."""

    pieces: tuple[Piece, ...] = ()

    @property
    def align(self) -> str:
        """Where it stands, as its first characters say."""
        return self.pieces[0].style.align if self.pieces else "left"

    @property
    def text(self) -> str:
        """Its characters."""
        return "".join(piece.text for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class Qr:
    """A QR code; `size` is the width of its dots."""

    data: str
    size: int
    align: str = "left"


@dataclass(frozen=True, slots=True)
class Barcode:
    """A one-dimensional code, with its text below."""

    data: str
    kind: str
    height: int
    align: str = "left"


@dataclass(frozen=True, slots=True)
class Logo:
    """The ticket's picture."""

    align: str = "left"


@dataclass(frozen=True, slots=True)
class Feed:
    """Empty lines."""

    lines: int


@dataclass(frozen=True, slots=True)
class Cut:
    """A cut: partial, full or feed-and-cut."""

    kind: str


@dataclass(frozen=True, slots=True)
class Begin:
    """From here on the characters look like this, too."""

    changes: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class End:
    """Back to how they looked before the last `Begin`."""


Block: TypeAlias = Qr | Barcode | Logo | Feed | Cut
Item: TypeAlias = Line | Block
Mark: TypeAlias = Begin | End | Block


@dataclass(frozen=True, slots=True)
class Receipt:
    """What is printed, from top to bottom."""

    items: tuple[Item, ...]


def mark(number: int) -> str:
    """A mark as it stands in the text."""
    return f"{OPEN}{number}{CLOSE}"


def without_marks(value: Any) -> Any:
    """The value without anything that could pass for a mark, all the way down."""
    if isinstance(value, str):
        return value.replace(OPEN, "").replace(CLOSE, "")
    if isinstance(value, dict):
        return {without_marks(key): without_marks(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [without_marks(part) for part in value]
    return value


def visible(text: str) -> str:
    """The characters of a text that may hold marks."""
    return _MARK.sub("", text)


def read_receipt(text: str, marks: list[Mark]) -> Receipt:
    """The receipt that a template's output means. A block ends its line; a break right behind it is no second one."""
    reader = _Reader()
    for index, part in enumerate(_MARK.split(text)):
        if index % 2:
            number = int(part)
            if number < len(marks):
                reader.take(marks[number])
        else:
            reader.write(printable(part))
    return Receipt(tuple(reader.finish()))


class _Reader:
    def __init__(self) -> None:
        self._items: list[Item] = []
        self._pieces: list[Piece] = []
        self._styles = [Style()]
        self._is_behind_block = False

    def write(self, text: str) -> None:
        lines = text.expandtabs(8).split("\n")
        for index, line in enumerate(lines):
            if line:
                self._pieces.append(Piece(line, self._styles[-1]))
                self._is_behind_block = False
            if index < len(lines) - 1:
                self._end_line()

    def take(self, found: Mark) -> None:
        if isinstance(found, Begin):
            self._styles.append(replace(self._styles[-1], **dict(found.changes)))
        elif isinstance(found, End):
            if len(self._styles) > 1:
                self._styles.pop()
        else:
            if self._pieces:
                self._end_line()
            if isinstance(found, Qr | Barcode | Logo):
                found = replace(found, align=self._styles[-1].align)
            self._items.append(found)
            self._is_behind_block = True

    def finish(self) -> Iterable[Item]:
        if self._pieces:
            self._end_line()
        return self._items[:MAX_ITEMS]

    def _end_line(self) -> None:
        if self._pieces or not self._is_behind_block:
            self._items.append(Line(tuple(self._pieces)))
        self._pieces, self._is_behind_block = [], False
