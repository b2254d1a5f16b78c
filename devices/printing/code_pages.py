"""The code pages of receipt printers: the number that ESC t wants, and the Python codec. Pure.

Numbers: Epson's, as in the default profile of python-escpos 3.1; clones differ, so drivers let a person overrule them.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class CodePage:
    """One code page. `number` is None where the printer is not told: it knows this encoding, or it does not."""

    name: str
    codec: str
    number: int | None

    def encode(self, text: str) -> bytes:
        """The text without control characters but LF and TAB; what the page lacks becomes '?'."""
        return printable(text).encode(self.codec, "replace")


_NUMBERS: Final[dict[str, int | None]] = {
    "cp437": 0,
    "cp850": 2,
    "cp860": 3,
    "cp863": 4,
    "cp865": 5,
    "cp857": 13,
    "cp737": 14,
    "iso8859-7": 15,
    "cp1252": 16,
    "cp866": 17,
    "cp852": 18,
    "cp858": 19,
    "iso8859-2": 39,
    "iso8859-15": 40,
    "cp1250": 45,
    "cp1251": 46,
    "cp1253": 47,
    "cp1254": 48,
    "cp1257": 51,
    "gb18030": None,
    "utf-8": None,
}
CODE_PAGES: Final = {name: CodePage(name, name, number) for name, number in _NUMBERS.items()}


def printable(text: str) -> str:
    """The text without control characters but LF and TAB (a CR could feed twice), letters and accents as one."""
    text = unicodedata.normalize("NFC", text)
    if text.isprintable():
        return text
    return "".join(mark for mark in text if mark in "\n\t" or unicodedata.category(mark) not in ("Cc", "Cs"))
