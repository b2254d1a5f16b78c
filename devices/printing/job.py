"""The bytes of one print job: what goes before the payload, what becomes of it, and what follows. Pure.

Commands: ESC/POS, bytes as in python-escpos 3.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from devices.printing.code_pages import CODE_PAGES, CodePage
from telemetry.values import DecodeFault

FORM: Final = "form"
"""The property of a Delivery that says what its payload is, if it is not what the device's options say."""
RAW: Final = "raw"
"""Bytes to be copied to the printer as they are."""
TICKET: Final = "ticket"
"""Bytes that the hub made from a ticket: complete, with their own beginning."""
TEXT: Final = "text"

LF, INITIALISE = b"\n", b"\x1b@"
_CUT_COMMAND = b"\x1dV"
CUTS: Final = {"none": b"", "partial": b"\x1dV\x01", "full": b"\x1dV\x00", "feed-and-cut": b"\x1dVB\x00"}


def choose_page(number: int) -> bytes:
    """ESC t n."""
    return b"\x1bt" + bytes([number])


def feed(lines: int) -> bytes:
    """ESC d n: print what is in the line and feed n lines."""
    return b"\x1bd" + bytes([lines]) if lines else b""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions:
    """What a person chose for one printer. With nothing chosen a job is the payload and one LF."""

    mode: str = RAW
    is_initialised: bool = False
    code_page: CodePage = CODE_PAGES["cp437"]
    page_number: int | None = None  # overrules the page's own
    cut: str = "none"
    feed_lines: int = 0
    prints_empty: bool = True

    def job(self, payload: bytes, form: str = "") -> bytes:
        """The whole job; raises DecodeFault for an empty message that is not to be printed."""
        if form == TICKET:
            return payload + self._end(payload)
        if not payload:
            return self._empty()
        is_raw = RAW in (form, self.mode)
        body = payload if is_raw else self.code_page.encode(payload.decode("utf-8", "replace"))
        return self._beginning() + body + LF + self._end(b"")

    def _empty(self) -> bytes:
        if not self.prints_empty:
            raise DecodeFault("an empty message, and this printer's options say that it prints none")
        return LF

    def _beginning(self) -> bytes:
        if not self.is_initialised:
            return b""
        number = self.code_page.number if self.page_number is None else self.page_number
        return INITIALISE + (choose_page(number) if number is not None else b"")

    def _end(self, ticket: bytes) -> bytes:
        """A ticket that cuts by itself is not fed and cut once more."""
        if _CUT_COMMAND in ticket[-4:]:
            return b""
        return feed(self.feed_lines) + CUTS[self.cut]
