"""One process of the hub, with a log of its own that is shown when a test fails."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from hub.tests.system.waiting import wait_for

ROOT = Path(__file__).resolve().parents[3]


class HubProcess:
    """`python -m ...` in the project's directory. It can be started again after its end; its log goes on."""

    def __init__(self, name: str, arguments: Sequence[str], *, environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        self._command = [sys.executable, *arguments]
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process id; it must have been started."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether it lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> HubProcess:
        """Start it and return at once."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        return self

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self._end(signal.SIGKILL, within_s=10.0)

    def terminate(self, within_s: float = 30.0) -> float:
        """Ask it to end; answers how many seconds that took. Raises TimeoutExpired."""
        asked_at = time.monotonic()
        self._end(signal.SIGTERM, within_s=within_s)
        return time.monotonic() - asked_at

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def freeze(self) -> None:
        """Stop it, and wait until each of its threads stands still; `send(SIGCONT)` lets it go on."""
        self.send(signal.SIGSTOP)
        threads = Path(f"/proc/{self.pid}/task")
        wait_for(lambda: all(_is_stopped(thread) for thread in threads.iterdir()), what=f"{self.name} stands still")

    def wait(self, within_s: float) -> int:
        """Its exit code; raises TimeoutExpired."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._process.wait(within_s)

    def close(self) -> None:
        """Make sure that it is gone."""
        if self.is_running:
            self.send(signal.SIGCONT)
            self.kill()

    def said(self) -> str:
        """Its log."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def _end(self, number: signal.Signals, *, within_s: float) -> None:
        if self._process is None:
            return
        self.send(number)
        self._process.wait(within_s)


def _is_stopped(thread: Path) -> bool:
    return (thread / "stat").read_text().rpartition(")")[2].split()[0] == "T"
