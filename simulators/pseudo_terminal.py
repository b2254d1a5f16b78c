"""A serial port that exists only in the kernel, under a stable path, with a plug that can be pulled."""

from __future__ import annotations

import os
import select
import termios
import tty
from pathlib import Path
from time import monotonic
from types import TracebackType

XOFF, XON = b"\x13", b"\x11"


class PseudoTerminal:
    """The device's end of a wire. `path` is what the hub opens: a symlink that exists while the plug is in."""

    def __init__(self, path: str | Path, *, is_plugged: bool = True) -> None:
        self.path = Path(path)
        if self.path.exists() and not self.path.is_symlink():
            raise FileExistsError(f"{self.path} exists and is not a symlink: it stays")
        self._wire = self._far_end = -1
        if is_plugged:
            self.replug()

    @property
    def is_plugged(self) -> bool:
        """Whether the plug is in."""
        return self._wire >= 0

    def replug(self) -> None:
        """Put the plug in: a new terminal under the old path."""
        if self.is_plugged:
            return
        wire, far_end = os.openpty()
        tty.setraw(far_end)  # else it would echo what it is sent
        os.set_blocking(wire, False)
        self._wire, self._far_end = wire, far_end
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        new.symlink_to(os.ttyname(far_end))
        new.replace(self.path)

    def unplug(self) -> None:
        """Pull the plug: the path goes, and whoever holds the port is hung up on."""
        if not self.is_plugged:
            return
        wire, far_end, self._wire, self._far_end = self._wire, self._far_end, -1, -1
        if self.path.is_symlink() and self.path.readlink() == Path(os.ttyname(far_end)):
            self.path.unlink()
        os.close(wire)
        os.close(far_end)

    def read(self, timeout_s: float = 0.0) -> bytes:
        """What the hub has written, as soon as it writes; b'' after `timeout_s`."""
        wire = self._wire
        if wire < 0 or not select.select([wire], [], [], timeout_s)[0]:
            return b""
        try:
            return os.read(wire, 65_536)
        except OSError:  # the plug was pulled meanwhile
            return b""

    def write(self, data: bytes, timeout_s: float = 1.0) -> int:
        """Send to the hub. A wire keeps nothing: what nobody takes within `timeout_s` is lost. Answers what went."""
        sent, until = 0, monotonic() + timeout_s
        while sent < len(data) and self.is_plugged:
            if not select.select([], [self._wire], [], max(until - monotonic(), 0.0))[1]:
                break
            try:
                sent += os.write(self._wire, data[sent:])
            except BlockingIOError:
                continue
            except OSError:
                break
        return sent

    def forget(self) -> None:
        """Throw away what was sent to the hub and never read."""
        if self.is_plugged:
            termios.tcflush(self._far_end, termios.TCIFLUSH)

    def close(self) -> None:
        """Pull the plug for good."""
        self.unplug()

    def __enter__(self) -> PseudoTerminal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
