"""`manage.py up` with its demo, as a person starts it: how soon it shows a reading, and how much memory it takes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.hub import ROOT
from benchmarks.measurement import Measurement, Sample, Size
from benchmarks.waiting import wait_for
from simulators.servers.ports import free_port

MEMORY_AFTER_S = 60.0


@contextmanager
def running_up(directory: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, dict[str, str]]]:
    """The process, its port and its environment."""
    port = free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")},
        "PATCHBAY_ENV_FILE": os.devnull,
        "DATA_DIR": str(directory),
    }
    with (directory / "up.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
        )
    try:
        yield process, port, environment
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def first_reading(size: Size) -> Sample:
    """Seconds from the start in an empty directory to the page's answer, and to the first reading over REST."""
    with tempfile.TemporaryDirectory(prefix="patchbay-bench-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        began = time.monotonic()
        with running_up(directory) as (process, port, environment):
            wait_for(lambda: _answers(port) or process.poll() is not None, "the web server", within_s=60)
            answered_s = time.monotonic() - began
            key = _key(environment)
            made_key_s = time.monotonic() - began - answered_s
            wait_for(lambda: _readings(port, key), "a first reading", within_s=60)
            return {"page s": answered_s, "first reading s": time.monotonic() - began - made_key_s}


def memory(size: Size) -> Sample:
    """Resident memory of each process of `up`, MB, after a minute of the demo."""
    with (
        tempfile.TemporaryDirectory(prefix="patchbay-bench-", ignore_cleanup_errors=True) as name,
        running_up(Path(name)) as (process, port, _),
    ):
        wait_for(lambda: _answers(port) or process.poll() is not None, "the web server", within_s=60)
        time.sleep(size.seconds(MEMORY_AFTER_S, least=10))
        found: dict[str, float] = {"up MB": _rss_mb(psutil.Process(process.pid))}
        for child in psutil.Process(process.pid).children():
            part = f"{_part(child.cmdline())} MB"
            found[part] = found.get(part, 0.0) + _rss_mb(child)
        found["all MB"] = sum(found.values())
        return found


def _part(command: list[str]) -> str:
    words = " ".join(command)
    for sign, part in (
        (" worker ", "worker"),
        (" beat", "schedule"),
        ("daphne", "web"),
        ("simulators", "simulators"),
        ("redis", "Redis"),
        ("mosquitto", "brokers"),
    ):
        if sign in words:
            return part
    return "other"


def _rss_mb(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / 2**20


def _answers(port: int) -> bool:
    try:
        return bool(urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=1).status == 200)
    except OSError:
        return False


def _key(environment: dict[str, str]) -> str:
    command = [sys.executable, "manage.py", "create_api_key", "bench", "--scope", "read"]
    said = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    return re.split(r"\s+", said.stdout.strip())[-1]


def _readings(port: int, key: str) -> bool:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/readings?limit=1", headers={"Authorization": f"Api-Key {key}"}
    )
    try:
        return bool(json.loads(urllib.request.urlopen(request, timeout=5).read())["results"])
    except OSError:
        return False


MEASUREMENTS = (
    Measurement("first-reading", "`manage.py up` in an empty directory to the first reading over REST", first_reading),
    Measurement("memory-demo", "resident memory of each process of `manage.py up` after a minute", memory, runs=1),
)
