"""Cuts byte streams into frames. Pure: no bytes, in any split, ever break a framer or make it grow without bound."""

from __future__ import annotations

from dataclasses import dataclass

_EDGES = b"\x00\x02\x03"  # NUL, STX, ETX: some scales put them around a line


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. A `fault` says why it cannot be decoded; `data` is then what was kept of it."""

    data: bytes
    fault: str = ""


class LineFramer:
    """Lines that end with `terminator`; NUL, STX and ETX at the ends and one CR before the terminator are taken off.

    A line of more than `max_bytes` (counted before anything is taken off) gives one fault frame with its first
    `max_bytes` bytes as soon as that is known; the rest of it, up to the next terminator, is skipped.
    """

    def __init__(
        self,
        terminator: bytes = b"\n",
        max_bytes: int = 256,
        *,
        drop_first_partial: bool = False,
        keep_empty: bool = False,
    ) -> None:
        self._terminator = terminator
        self._max_bytes = max_bytes
        self._keep_empty = keep_empty
        self._held = b""
        self._is_skipping = drop_first_partial

    def feed(self, data: bytes) -> list[Frame]:
        """The lines that these bytes complete, and a fault for one that they make too long."""
        *lines, self._held = (self._held + data).split(self._terminator)
        frames: list[Frame] = []
        for line in lines:
            self._close(line, frames)
        self._bound(frames)
        return frames

    def idle(self) -> list[Frame]:
        """Silence completes no line."""
        return []

    def end(self) -> list[Frame]:
        """The port is gone: what was begun and never ended, as a fault."""
        held, skipped = self._held, self._is_skipping
        self._held, self._is_skipping = b"", False
        if skipped or not held:
            return []
        return [Frame(held, "the port closed in the middle of this line")]

    def _close(self, line: bytes, frames: list[Frame]) -> None:
        if self._is_skipping:
            self._is_skipping = False
        elif len(line) > self._max_bytes:
            frames.append(self._too_long(line))
        else:
            text = line.strip(_EDGES).removesuffix(b"\r").strip(_EDGES)
            if text or self._keep_empty:
                frames.append(Frame(text))

    def _bound(self, frames: list[Frame]) -> None:
        # The last bytes held may be the beginning of a terminator, so they do not count against the line yet.
        undecided = len(self._terminator) - 1
        if not self._is_skipping and len(self._held) > self._max_bytes + undecided:
            frames.append(self._too_long(self._held))
            self._is_skipping = True
        if self._is_skipping:
            self._held = self._held[-undecided:] if undecided else b""

    def _too_long(self, line: bytes) -> Frame:
        return Frame(line[: self._max_bytes], f"a line of more than {self._max_bytes} bytes; the rest was skipped")


class ByteFramer:
    """Raw bytes, cut at a fixed `length`, or (length 0) where the device falls silent; never more than `max_bytes`."""

    def __init__(self, *, length: int = 0, max_bytes: int = 4096) -> None:
        self._length = length
        self._size = length or max_bytes
        self._held = b""

    def feed(self, data: bytes) -> list[Frame]:
        """The full frames that these bytes complete."""
        held = self._held + data
        cut = len(held) - len(held) % self._size
        self._held = held[cut:]
        return [Frame(held[at : at + self._size]) for at in range(0, cut, self._size)]

    def idle(self) -> list[Frame]:
        """Silence ends a frame; before the fixed length it is a fault, and the next byte starts a new frame."""
        held, self._held = self._held, b""
        if not held:
            return []
        return [Frame(held, f"{len(held)} of {self._length} bytes, then silence" if self._length else "")]

    def end(self) -> list[Frame]:
        """The port is gone, which is silence too."""
        return self.idle()
