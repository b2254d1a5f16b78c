"""The hub's own web process on a free port, under Daphne or uvicorn, for tests and measurements over real sockets."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal

from simulators.servers.ports import free_port

READY_WITHIN_S = 30.0
STOP_WITHIN_S = 10.0
ROOT = Path(__file__).resolve().parents[2]
_COMMANDS = {
    "daphne": ("daphne", "-v", "0", "-b", "127.0.0.1", "-p", "{port}", "hub.asgi:application"),
    "uvicorn": ("uvicorn", "--log-level", "warning", "--host", "127.0.0.1", "--port", "{port}", "hub.asgi:application"),
}


class WebServer:
    """`with WebServer("daphne", environment) as web: ... web.port`."""

    def __init__(self, kind: Literal["daphne", "uvicorn"], environment: Mapping[str, str]) -> None:
        self.port = free_port()
        self._kind = kind
        self._environment = {**os.environ, **environment}
        self._log = tempfile.NamedTemporaryFile(prefix=f"{kind}-", suffix=".log")  # noqa: SIM115 # closed by stop
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def said(self) -> str:
        """What it printed."""
        return Path(self._log.name).read_text(errors="replace")

    def start(self) -> None:
        """Start it and wait until it takes connections; raises RuntimeError if it does not."""
        command = [part.format(port=self.port) for part in _COMMANDS[self._kind]]
        self.process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        limit = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < limit and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        said = self.said[-3000:]
        self.stop()
        raise RuntimeError(f"{self._kind} did not start\n{said}")

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process = None
        self._log.close()

    def __enter__(self) -> WebServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
