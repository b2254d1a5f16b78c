"""A whole hub for one measurement: its servers, its database, its worker and web processes, gone afterwards."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from string import Template
from types import TracebackType

import psutil

from benchmarks.databases import Database, open_database
from benchmarks.waiting import TookTooLong, wait_for
from simulators.servers.mosquitto import MosquittoServer
from simulators.servers.ports import free_port
from simulators.servers.redis import RedisServer

ROOT = Path(__file__).resolve().parent.parent


class Hub:
    """`with Hub("postgresql", CONFIG) as hub`. In `config`, which is YAML, and in `environment`, ${broker_port} and
    ${directory} are filled in.
    """

    def __init__(self, database: str, config: str = "", *, environment: Mapping[str, str] | None = None) -> None:
        self.kind = database
        self._config = config
        self._given = environment or {}
        self._stack = ExitStack()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.directory = Path()
        self.database: Database
        self.broker = MosquittoServer()
        self.redis = RedisServer()

    def __enter__(self) -> Hub:
        with ExitStack() as stack:
            directory = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="patchbay-bench-", ignore_cleanup_errors=True)
            )
            self.directory = Path(directory)
            stack.enter_context(self.broker)
            stack.enter_context(self.redis)
            self.database = open_database(self.kind, self.directory)
            stack.callback(self.database.close)
            stack.callback(self._end_processes)
            self.manage("migrate", "--verbosity", "0")
            if self._config:
                path = self.directory / "config.yaml"
                path.write_text(Template(self._config).substitute(self._places))
                self.manage("import_config", str(path))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def _places(self) -> dict[str, object]:
        return {"broker_port": self.broker.port, "directory": self.directory}

    @property
    def environment(self) -> dict[str, str]:
        """What its processes are given. Nothing of the user's own `.env`."""
        return {
            **os.environ,
            "PATCHBAY_ENV_FILE": os.devnull,
            "DATA_DIR": str(self.directory),
            "DATABASE_URL": self.database.url,
            "REDIS_URL": self.redis.url,
            "LOG_FILE": "-",
            "LOG_LEVEL": "WARNING",
            **{name: Template(value).substitute(self._places) for name, value in self._given.items()},
        }

    def manage(self, *words: str) -> str:
        """What a management command prints."""
        command = [sys.executable, str(ROOT / "manage.py"), *words]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, check=False, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"manage.py {words[0]} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def start_worker(self) -> None:
        """A worker with links, as `up` starts it; waits until every link is connected."""
        words = ["-m", "celery", "-A", "hub", "worker", "--links", "-P", "threads", "-c", "4"]
        self._start("worker", *words, "--without-gossip", "--without-mingle", "-n", f"bench-{os.getpid()}@%h")
        self._wait(
            "worker",
            lambda: (
                self.database.number("SELECT count(*) FROM telemetry_linkstatus") > 0
                and not self.database.number("SELECT count(*) FROM telemetry_linkstatus WHERE state <> 'connected'")
            ),
        )

    def start_web(self) -> int:
        """A web process, as `up` starts it; answers its port."""
        port = free_port()
        self._start("web", "-m", "daphne", "-b", "127.0.0.1", "-p", str(port), "hub.asgi:application")
        self._wait("web", lambda: _listens(port))
        return port

    def pid(self, name: str) -> int:
        """The process id of a part."""
        return self._processes[name].pid

    def cpu_seconds(self) -> dict[str, float]:
        """What each part has used of a core so far, with its children."""
        pids = {name: process.pid for name, process in self._processes.items()}
        if self.database.pid:
            pids["database"] = self.database.pid
        return {name: _cpu_seconds(pid) for name, pid in pids.items()}

    def _start(self, name: str, *words: str) -> None:
        with (self.directory / f"{name}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, *words],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )

    def _wait(self, name: str, is_ready: Callable[[], bool]) -> None:
        process = self._processes[name]
        try:
            wait_for(lambda: process.poll() is not None or is_ready(), f"the {name} comes up", within_s=40)
        except TookTooLong:
            process.kill()
            process.wait()
        if process.poll() is not None:
            raise RuntimeError(f"the {name} did not come up:\n{self.log(name)}")

    def log(self, name: str) -> str:
        """The end of what a part said."""
        return (self.directory / f"{name}.log").read_text(errors="replace")[-3000:]

    def _end_processes(self) -> None:
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _cpu_seconds(pid: int) -> float:
    try:
        main = psutil.Process(pid)
        return sum(sum(process.cpu_times()[:2]) for process in (main, *main.children(recursive=True)))
    except psutil.NoSuchProcess:
        return 0.0
