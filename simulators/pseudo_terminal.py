"""A serial port that exists only in the kernel, under a stable path, with a plug that can be pulled."""

from __future__ import annotations

import os
import select
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Condition
from time import monotonic
from types import TracebackType

XOFF, XON = b"\x13", b"\x11"
_TURN_S = 0.05


class PseudoTerminal:
    """The device's end of a wire. `path` is what the hub opens: a symlink that exists while the plug is in.

    Threads may read, write and pull the plug at once.
    """

    def __init__(self, path: str | Path, *, is_plugged: bool = True) -> None:
        self.path = Path(path)
        if self.path.exists() and not self.path.is_symlink():
            raise FileExistsError(f"{self.path} exists and is not a symlink: it stays")
        self._wire = self._far_end = -1
        self._users = 0
        self._changed = Condition()
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
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        new.unlink(missing_ok=True)
        new.symlink_to(os.ttyname(far_end))
        with self._changed:
            self._wire, self._far_end = wire, far_end
        new.replace(self.path)

    def unplug(self) -> None:
        """Pull the plug: the path goes, and whoever holds the port is hung up on."""
        with self._changed:
            wire, far_end, self._wire, self._far_end = self._wire, self._far_end, -1, -1
            if wire < 0:
                return
            if self.path.is_symlink() and str(self.path.readlink()) == os.ttyname(far_end):
                self.path.unlink()
            self._changed.wait_for(lambda: not self._users)  # a closed number could be somebody else's next file
        os.close(wire)
        os.close(far_end)

    def read(self, timeout_s: float = 0.0) -> bytes:
        """What the hub has written, as soon as it writes; b'' after `timeout_s`, or at once while unplugged."""
        until = monotonic() + timeout_s
        while True:
            with self._using() as wire:
                if wire < 0:
                    return b""
                left_s = max(until - monotonic(), 0.0)
                if select.select([wire], [], [], min(left_s, _TURN_S))[0]:
                    return os.read(wire, 65_536)
            if left_s <= _TURN_S:
                return b""

    def write(self, data: bytes, timeout_s: float = 1.0) -> int:
        """Send to the hub. A wire keeps nothing: what nobody takes within `timeout_s` is lost. Answers what went."""
        sent, until = 0, monotonic() + timeout_s
        while sent < len(data):
            with self._using() as wire:
                if wire < 0 or monotonic() > until:
                    break
                if select.select([], [wire], [], _TURN_S)[1]:
                    try:
                        sent += os.write(wire, data[sent:])
                    except BlockingIOError:
                        continue
        return sent

    def close(self) -> None:
        """Pull the plug for good."""
        self.unplug()

    @contextmanager
    def _using(self) -> Iterator[int]:
        """The open wire (-1 while unplugged), which stays open meanwhile."""
        with self._changed:
            wire = self._wire
            self._users += 1
        try:
            yield wire
        finally:
            with self._changed:
                self._users -= 1
                self._changed.notify_all()

    def __enter__(self) -> PseudoTerminal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
