"""The functions that a ticket's template may call: styles, rows, codes, the logo, feeds and cuts. Pure."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable
from typing import Any

from devices.printing.job import CUTS
from devices.printing.receipt import Barcode, Begin, Cut, End, Feed, Logo, Mark, Qr, mark, visible
from devices.printing.sandbox import TicketFault, printed

MAX_QR_BYTES = 800
MAX_FEED = 50
BARCODES = {
    "CODE128": re.compile(r"[\x20-\x7e]{1,40}\Z"),
    "CODE39": re.compile(r"[0-9A-Z $%+\-./]{1,30}\Z"),
    "CODABAR": re.compile(r"[A-Da-d][0-9$+\-./:]{1,30}[A-Da-d]\Z"),
    "EAN13": re.compile(r"\d{12,13}\Z"),
    "EAN8": re.compile(r"\d{7,8}\Z"),
    "ITF": re.compile(r"(\d\d){1,20}\Z"),
    "UPC-A": re.compile(r"\d{11,12}\Z"),
}


class Words:
    """The vocabulary of one ticket of `width` columns. `marks` collects what one rendering draws."""

    def __init__(self, width: int, *, has_logo: bool) -> None:
        self.marks: list[Mark] = []
        self._width = width
        self._has_logo = has_logo

    def functions(self) -> dict[str, Callable[..., str]]:
        """What a template calls them."""
        return {
            "bold": self._styled(is_bold=True),
            "underlined": self._styled(is_underlined=True),
            "inverted": self._styled(is_inverted=True),
            "wide": self._styled(is_wide=True),
            "tall": self._styled(is_tall=True),
            "big": self._styled(is_wide=True, is_tall=True),
            "left": self._styled(align="left"),
            "center": self._styled(align="center"),
            "right": self._styled(align="right"),
            "row": self._row,
            "line": self._line,
            "wrapped": self._wrapped,
            "qr": self._qr,
            "barcode": self._barcode,
            "logo": self._logo,
            "feed": self._feed,
            "cut": self._cut,
        }

    def _add(self, found: Mark) -> str:
        self.marks.append(found)
        return mark(len(self.marks) - 1)

    def _styled(self, **changes: Any) -> Callable[..., str]:
        def style(*parts: Any) -> str:
            return self._add(Begin(tuple(changes.items()))) + "".join(map(printed, parts)) + self._add(End())

        return style

    def _row(self, left: Any, right: Any = "", fill: str = " ") -> str:
        """Left and right at the two edges of the paper."""
        start, end = printed(left), printed(right)
        room = self._width - len(visible(end)) - 1
        if len(visible(start)) > room:
            start = visible(start)[: max(room, 0)]
        gap = max(self._width - len(visible(start)) - len(visible(end)), 1)
        return start + (visible(str(fill))[:1] or " ") * gap + end

    def _line(self, character: str = "-") -> str:
        return (visible(str(character))[:1] or "-") * self._width

    def _wrapped(self, text: Any, columns: int = 0) -> str:
        """Broken between words instead of anywhere."""
        width = columns if 4 <= columns <= self._width else self._width
        lines = visible(printed(text)).split("\n")
        return "\n".join("\n".join(textwrap.wrap(line, width)) for line in lines)

    def _qr(self, data: Any, size: int = 6) -> str:
        text = visible(printed(data))
        if not 0 < len(text.encode("utf-8", "replace")) <= MAX_QR_BYTES:
            raise TicketFault(f"a QR code holds 1 to {MAX_QR_BYTES} bytes")
        if not 1 <= int(size) <= 16:
            raise TicketFault("the size of a QR code is 1 to 16")
        return self._add(Qr(text, int(size)))

    def _barcode(self, data: Any, kind: str = "CODE128", height: int = 64) -> str:
        text, name = visible(printed(data)), str(kind).upper()
        if name not in BARCODES:
            raise TicketFault(f"{kind} is no barcode known here; known are {', '.join(BARCODES)}")
        if not BARCODES[name].match(text):
            raise TicketFault(f"{text[:40]!r} cannot be a {name} barcode")
        if not 8 <= int(height) <= 255:
            raise TicketFault("the height of a barcode is 8 to 255 dots")
        return self._add(Barcode(text, name, int(height)))

    def _logo(self) -> str:
        if not self._has_logo:
            raise TicketFault("this ticket has no logo")
        return self._add(Logo())

    def _feed(self, lines: int = 1) -> str:
        if not 1 <= int(lines) <= MAX_FEED:
            raise TicketFault(f"feed takes 1 to {MAX_FEED} lines")
        return self._add(Feed(int(lines)))

    def _cut(self, kind: str = "feed-and-cut") -> str:
        if kind not in CUTS or kind == "none":
            raise TicketFault(f"a cut is one of {', '.join(name for name in CUTS if name != 'none')}")
        return self._add(Cut(str(kind)))
