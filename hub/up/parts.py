"""A part of the hub as `up` runs it: a child process that is restarted when it crashes and never outlives us."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1  # prctl(2)
_LAST_WORDS = 2000


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What to run. `is_ready` tells whether it can be used; `stop_within_s` is how long it may take to end."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    is_ready: Callable[[], bool] = _always
    ready_within_s: float = 30.0
    stop_within_s: float = 10.0


class Child:
    """One running part. Its output goes to a log file of its own."""

    def __init__(self, part: Part, log: Path) -> None:
        self.part = part
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it (anew)."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self._process = _spawn(self.part, log)

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        """How it ended; None while it runs."""
        return self._process.poll() if self._process else None

    def ask_to_end(self) -> None:
        """SIGTERM, if it runs."""
        if self._process and self._process.poll() is None:
            self._process.terminate()

    def wait(self) -> bool:
        """Wait for its end, then take its leave by force; False if force was needed."""
        if self._process is None:
            return True
        try:
            self._process.wait(self.part.stop_within_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return False
        return True

    def last_words(self) -> str:
        """The end of its output, for a message about a crash."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, self.log.stat().st_size - _LAST_WORDS))
                return log.read().decode(errors="replace").strip()
        except OSError:
            return ""


def _spawn(part: Part, log: IO[bytes]) -> subprocess.Popen[bytes]:
    """In a session of its own, so that Ctrl-C reaches `up` alone, which ends the parts in order."""
    return subprocess.Popen(
        list(part.command),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        env={**os.environ, **part.environment},
        start_new_session=True,
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - no threads run yet
    )


def _die_with_parent() -> None:
    """Even a killed `up` leaves nothing behind."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
