"""A real PostgreSQL of one's own, on a free port of the loopback, that a test can stop, kill, restart and freeze.

It is durable as a production server is (fsync on, its own defaults otherwise); what it keeps stays over a restart.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import psutil

from simulators.servers.liveness import is_running
from simulators.servers.ports import free_port

BINARIES = "usr/lib/postgresql/*/bin"
READY_WITHIN_S = 60
HOST = "127.0.0.1"


class PostgresqlServer:
    """`with PostgresqlServer() as server: server.url`. Each name given to `create` is a database of its own."""

    def __init__(self, settings: Sequence[str] = (), *, port: int | None = None) -> None:
        self.port = port or free_port()
        self._settings = tuple(settings)  # as 'work_mem=64MB'
        self._temporary = tempfile.TemporaryDirectory(prefix="postgresql-", ignore_cleanup_errors=True)
        self.directory = Path(self._temporary.name)
        self._data = self.directory / "data"
        self._binaries = find_binaries()

    @property
    def url(self) -> str:
        """Where clients reach its first database."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """Where clients reach this database."""
        return f"postgresql://patchbay@{HOST}:{self.port}/{database}"

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return self.pid is not None

    @property
    def pid(self) -> int | None:
        """The process that the others are children of; None if it does not run."""
        path = self._data / "postmaster.pid"
        try:
            pid = int(path.read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return pid if is_running(pid) else None

    def start(self) -> None:
        """Start it and wait until it answers; raises CalledProcessError if it does not."""
        if self.is_running:
            return
        if not self._data.exists():
            self._make()
        options = [f"port={self.port}", f"listen_addresses={HOST}", "unix_socket_directories=", *self._settings]
        given = " ".join(f"-c {option}" for option in options)
        self._control("-t", str(READY_WITHIN_S), "-l", str(self.directory / "log"), "-o", given, "start")

    def create(self, database: str) -> str:
        """Make an empty database; answers its address."""
        command = [str(self._binaries / "createdb"), "-h", HOST, "-p", str(self.port), "-U", "patchbay", database]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL)
        return self.url_of(database)

    def stop(self) -> None:
        """End it as an operator in a hurry would: it breaks off all connections and writes what it has."""
        if self.is_running:
            self.thaw()
            self._control("-m", "fast", "stop")

    def kill(self) -> None:
        """End it as a crash would: it recovers from its log at the next start."""
        if self.is_running:
            self.thaw()
            self._control("-m", "immediate", "stop")

    def restart(self) -> None:
        """Stop it and start it on the same port."""
        self.stop()
        self.start()

    def freeze(self) -> None:
        """Stop all its processes from answering while their connections stay open."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen one go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if (pid := self.pid) is None:
            return
        main = psutil.Process(pid)
        for process in (main, *main.children(recursive=True)):
            if process.is_running():
                process.send_signal(number)

    def _make(self) -> None:
        if os.geteuid() == 0:
            shutil.chown(self.directory, "postgres")
        words = ["--auth=trust", "--username=patchbay", "--encoding=UTF8", "--locale=C.UTF-8", "-D", str(self._data)]
        self._run([str(self._binaries / "initdb"), *words])

    def _control(self, *words: str) -> None:
        self._run([str(self._binaries / "pg_ctl"), "-D", str(self._data), "-w", *words])

    def _run(self, command: Sequence[str]) -> None:
        """As the user `postgres` when we are root: the server refuses to run as root."""
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        subprocess.run([*user, *command], check=True, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def __enter__(self) -> PostgresqlServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it and forget what it kept."""
        self.kill()
        self._temporary.cleanup()


def find_binaries() -> Path:
    """The directory of the newest PostgreSQL here; raises RuntimeError if there is none."""
    found = sorted(Path("/").glob(BINARIES), key=lambda path: int(path.parent.name))
    if not found:
        raise RuntimeError("no PostgreSQL here: install the package postgresql")
    return found[-1]
