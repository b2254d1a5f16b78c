"""`manage.py up`: the whole hub with its demo comes up, mends what crashes, and leaves nothing behind."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from hub.tests.system.http_client import Api
from hub.tests.system.hub_processes import HubUnderTest
from hub.tests.system.processes import HubProcess
from hub.tests.system.waiting import loaded, wait_for
from hub.tests.system.world import Template
from simulators.servers.liveness import is_running
from simulators.servers.ports import free_port

_RUNS_AT = re.compile(r"Patchbay runs at http://localhost:(\d+)/")
_PARTS = {"redis", "plant", "meters", "simulators", "worker", "schedule", "web"}


class Up:
    """One `up` and the processes that it started."""

    def __init__(self, hub: HubUnderTest) -> None:
        environment = {name: value for name, value in hub.environment.items() if name != "REDIS_URL"}
        arguments = ["manage.py", "up", "--port", str(free_port())]
        self.process = HubProcess("up", arguments, environment=environment, log=hub.directory / "up.log").start()
        self._hub = hub
        found = wait_for(lambda: _RUNS_AT.search(self.process.said()) or not self.process.is_running, within_s=120)
        assert isinstance(found, re.Match), self.said()
        self.api = Api(int(found[1]), hub.api_key)

    @property
    def parts(self) -> list[psutil.Process]:
        """What runs because of it."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def worker(self) -> psutil.Process | None:
        """The Celery worker."""
        return next((part for part in self.parts if "--links" in _command_of(part)), None)

    def count(self) -> int:
        """How many messages the API knows of the scale."""
        answer = self.api.get("messages?source=device:scale&limit=1")
        assert answer.status == 200, answer
        return int(answer.body["count"])

    def said(self) -> str:
        """Its own log and those of its parts."""
        logs = sorted((self._hub.directory / "data" / "up").glob("*.log"))
        return "\n".join([self.process.said(), *(f"--- {log.name}\n{log.read_text()[-3000:]}" for log in logs)])


@pytest.fixture
def up(sqlite_template: Template, tmp_path: Path) -> Iterator[Up]:
    """A hub that came up."""
    database = sqlite_template.copy(tmp_path)
    up = Up(HubUnderTest(tmp_path, database, redis_url="", api_key=sqlite_template.api_key, secrets={}))
    yield up
    if up.process.is_running:
        parts = up.parts
        up.process.kill()
        wait_for(lambda: not _alive(parts), within_s=loaded(30.0), what="its parts end with it")


def _command_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if is_running(process)]


def test_it_reaches_readings_and_ends_on_ctrl_c_with_code_0_and_nothing_left(up: Up) -> None:
    wait_for(lambda: up.api.get("readings?device=scale&metric=weight").body.get("results"), within_s=60, every_s=0.3)
    parts = up.parts
    assert len(parts) >= len(_PARTS)
    up.process.send(signal.SIGINT)
    assert up.process.wait(loaded(30.0)) == 0, up.said()
    assert not _alive(parts)
    assert "Traceback" not in up.process.said()
    assert "killed" not in up.process.said()


def test_a_crashed_worker_is_named_and_started_again(up: Up) -> None:
    wait_for(lambda: up.count() > 1, within_s=60, every_s=0.3, what="the scale is heard")
    worker = up.worker()
    assert worker is not None
    worker.kill()
    wait_for(lambda: "worker crashed (exit code -9); it is restarted" in up.process.said(), what="the crash is named")
    wait_for(lambda: (found := up.worker()) is not None and found.pid != worker.pid, what="a new worker")
    before = up.count()
    wait_for(lambda: up.count() > before, within_s=60, every_s=0.3, what="the scale is heard again")


def test_a_killed_up_takes_its_parts_with_it(up: Up) -> None:
    parts = up.parts
    up.process.kill()
    wait_for(lambda: not _alive(parts), within_s=loaded(30.0), what="its parts end with it")
