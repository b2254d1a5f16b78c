"""The words of a pack as people read them: paragraphs, with `code` and *emphasis* told apart from plain text. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_MARKED = re.compile(r"`(?P<code>[^`]+)`|\*(?P<strong>[^*\n]+)\*")


class Piece(NamedTuple):
    """A piece of a sentence; `style` is '', 'code' or 'strong'."""

    text: str
    style: str = ""


def paragraphs(text: str) -> list[str]:
    """Paragraphs are parted by an empty line; a line end within one is a blank."""
    return [" ".join(map(str.strip, part.strip().splitlines())) for part in re.split(r"\n\s*\n", text) if part.strip()]


def pieces(text: str) -> Sequence[Piece]:
    """One paragraph, taken apart."""
    found, at = [], 0
    for mark in _MARKED.finditer(text):
        found.append(Piece(text[at : mark.start()]))
        found.append(Piece(mark["code"] or mark["strong"], "code" if mark["code"] else "strong"))
        at = mark.end()
    return [piece for piece in (*found, Piece(text[at:])) if piece.text]
