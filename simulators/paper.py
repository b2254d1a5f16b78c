"""The paper of a receipt printer: what a stream of ESC/POS bytes would print. Pure; unknown commands are skipped.

Command lengths: Epson ESC/POS, as listed in the constants of python-escpos 3.1.
"""

from __future__ import annotations

from collections import deque

from devices.printing.code_pages import CODE_PAGES

_CODECS = {page.number: page.codec for page in CODE_PAGES.values() if page.number is not None}
_ESC, _GS, _DLE, _LF = 0x1B, 0x1D, 0x10, 0x0A
_ARGUMENTS = {
    _ESC: {
        "@": 0,
        "2": 0,
        "E": 1,
        "G": 1,
        "-": 1,
        "M": 1,
        "a": 1,
        "!": 1,
        "d": 1,
        "J": 1,
        "3": 1,
        "t": 1,
        "R": 1,
        "p": 3,
    },
    _GS: {"!": 1, "B": 1, "V": 1, "a": 1, "r": 1, "h": 1, "w": 1, "H": 1, "f": 1, "L": 2, "W": 2},
    _DLE: {"\x04": 1},
}


def _pair(data: bytes, at: int) -> int:
    return data[at] + 256 * data[at + 1]


def _function(data: bytes) -> int | None:
    """GS ( fn pL pH ..."""
    return 5 + _pair(data, 3) if len(data) >= 5 else None


def _barcode(data: bytes) -> int | None:
    """GS k m ... NUL, or from m = 65 on GS k m n ..."""
    if len(data) < 4:
        return None
    if data[2] >= 65:
        return 4 + data[3]
    end = data.find(b"\x00", 3)
    return end + 1 if end >= 0 else None


def _picture(data: bytes) -> int | None:
    """GS v 0 m xL xH yL yH ..."""
    return 8 + _pair(data, 4) * _pair(data, 6) if len(data) >= 8 else None


_DRAWN = {"(": _function, "k": _barcode, "v": _picture}


class Paper:
    """Lines that were printed; a cut is the line `CUT`. At most `kept_lines` are remembered.

    `encoding` is that of text before a code page is chosen by ESC t.
    """

    CUT = "✂"

    def __init__(self, encoding: str = "utf-8", *, kept_lines: int = 10_000) -> None:
        self._own_encoding = self._encoding = encoding
        self._printed: deque[str] = deque(maxlen=kept_lines)
        self._line = bytearray()
        self._held = b""
        self._code = b""  # what the next QR code says
        self.status_requests: list[int] = []

    @property
    def lines(self) -> list[str]:
        """What lies before the customer: the finished lines."""
        return list(self._printed)

    def feed(self, data: bytes) -> list[str]:
        """Print these bytes, in any split; answers the lines that they finished."""
        data, self._held = self._held + data, b""
        finished: list[str] = []
        at = 0
        while at < len(data):
            length = self._command_length(data, at)
            if length is None:
                self._held = data[at:]
                break
            if length:
                self._obey(data[at : at + length], finished)
                at += length
            else:
                self._print(data[at], finished)
                at += 1
        self._printed.extend(finished)
        return finished

    def _command_length(self, data: bytes, at: int) -> int | None:
        """0 for a plain byte, None if the command is not complete."""
        known = _ARGUMENTS.get(data[at])
        if known is None:
            return 0
        if at + 1 == len(data):
            return None
        if data[at] == _GS and chr(data[at + 1]) in _DRAWN:
            size = _DRAWN[chr(data[at + 1])](data[at:])
            return size if size is not None and at + size <= len(data) else None
        length = 2 + known.get(chr(data[at + 1]), 0)
        if data[at : at + 2] == b"\x1dV" and data[at + 2 : at + 3] in (b"A", b"B"):
            length += 1  # feed and cut
        return length if at + length <= len(data) else None

    def _obey(self, command: bytes, finished: list[str]) -> None:
        if command[:2] == b"\x1dV":
            self._end_line(finished, keep_empty=False)
            finished.append(self.CUT)
        elif command[:2] == b"\x1b@":
            self._encoding = self._own_encoding
        elif command[:2] == b"\x1bt":
            self._encoding = _CODECS.get(command[2], self._own_encoding)
        elif command[:2] == b"\x1bd":
            for _ in range(command[2]):
                self._end_line(finished)
        elif command[:2] in (b"\x1d(", b"\x1dk", b"\x1dv"):
            self._draw(command, finished)
        elif command[:1] == b"\x10":
            self.status_requests.append(command[2] if len(command) > 2 else 0)

    def _draw(self, command: bytes, finished: list[str]) -> None:
        """A picture or a code, which stands on a line of its own."""
        words = ""
        if command[:3] == b"\x1d(k" and command[5:7] == b"1P":
            self._code = command[8:]
        elif command[:3] == b"\x1d(k" and command[5:7] == b"1Q":
            words = f"QR: {self._code.decode('utf-8', 'replace')}"
        elif command[:2] == b"\x1dk":
            data = command[4:] if command[2] >= 65 else command[3:-1]
            words = f"barcode: {data.removeprefix(b'{B').replace(b'{{', b'{').decode('ascii', 'replace')}"
        elif command[:2] == b"\x1dv":
            words = f"picture {_pair(command, 4) * 8}x{_pair(command, 6)}"
        if words:
            self._end_line(finished, keep_empty=False)
            finished.append(f"[{words}]")

    def _print(self, byte: int, finished: list[str]) -> None:
        if byte == _LF:
            self._end_line(finished)
        elif byte >= 0x20 or byte == 0x09:
            self._line.append(byte)

    def _end_line(self, finished: list[str], *, keep_empty: bool = True) -> None:
        if self._line or keep_empty:
            finished.append(self._line.decode(self._encoding, "replace"))
        self._line.clear()
