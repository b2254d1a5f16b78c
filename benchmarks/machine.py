"""Says on what a measurement ran: figures mean nothing without it."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sqlite3
import subprocess
from importlib.metadata import version
from pathlib import Path

import psutil

from simulators.servers import mosquitto, postgresql, redis

_PACKAGES = ("Django", "daphne", "celery", "psycopg", "paho-mqtt", "orjson", "common-expression-language")


def machine() -> dict[str, str]:
    """Processor, system, Python, servers and packages."""
    return {
        "processor": _processor(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "load": f"{os.getloadavg()[0]:.1f} at the start",
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "PostgreSQL": _said(str(postgresql.find_binaries() / "postgres"), "--version"),
        "Mosquitto": _said(mosquitto.find_binary(), "-h"),
        "Redis": _said(redis.find_binary(), "--version"),
        **{name: version(name) for name in _PACKAGES},
        "commit": _commit(),
    }


def _processor() -> str:
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.processor() or platform.machine()


def _said(*command: str) -> str:
    """The first version number that a program says of itself."""
    answer = subprocess.run(command, check=False, capture_output=True, text=True)
    found = re.search(r"\d+(?:\.\d+)+", answer.stdout + answer.stderr)
    return found[0] if found else "?"


def _commit() -> str:
    if not shutil.which("git"):
        return "?"
    here = Path(__file__).parent
    said = subprocess.run(
        ["git", "describe", "--always", "--dirty"], check=False, capture_output=True, text=True, cwd=here
    )
    return said.stdout.strip() or "?"
