"""A PostgreSQL server for one run of the tests: own directory, own free port, gone afterwards."""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

BINARIES = "/usr/lib/postgresql/*/bin"
START_LIMIT_S = "60"


def test_database_url() -> str:
    """The server named by TEST_DATABASE_URL; one is started, and named there for parallel workers, if there is none."""
    if "TEST_DATABASE_URL" not in os.environ:
        os.environ["TEST_DATABASE_URL"] = _start()
    return os.environ["TEST_DATABASE_URL"]


test_database_url.__test__ = False  # type: ignore[attr-defined] # pytest would take it for a test


def _start() -> str:
    binaries = _binaries()
    directory = Path(tempfile.mkdtemp(prefix="patchbay-postgresql-"))
    user: list[str | Path] = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if user:
        shutil.chown(directory, "postgres")
    data = directory / "data"
    port = _free_port()
    _run([*user, binaries / "initdb", "--auth=trust", "--username=patchbay", "--encoding=UTF8", "-D", data])
    # Durability is not what these tests measure; chaos runs have servers of their own.
    options = f"-c port={port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    control = [*user, binaries / "pg_ctl", "-D", data, "-w"]
    _run([*control, "-t", START_LIMIT_S, "-l", directory / "log", "-o", options, "start"])
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    atexit.register(_run, [*control, "-m", "immediate", "stop"])
    return f"postgresql://patchbay@127.0.0.1:{port}/postgres"


def _binaries() -> Path:
    found = sorted(Path("/").glob(BINARIES.removeprefix("/")))
    if not found:
        raise SystemExit("PostgreSQL is not installed: run tools/install_system_packages.sh")
    return found[-1]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(command: list[str | Path]) -> None:
    subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL)
