"""One hub under test: its data directory, its configuration, its workers and its web process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from hub.tests.system.databases import HubDatabase
from hub.tests.system.processes import ROOT, HubProcess
from hub.tests.system.waiting import wait_for
from hub.up.ports import answers
from simulators.servers.ports import free_port

ADMIN, ADMIN_PASSWORD = "admin", "a long pass phrase"
_SECRETS = {"SECRET_KEY": "system-tests-" + "s" * 40, "FIELD_ENCRYPTION_KEY": "system-tests-" + "f" * 40}
_NOT_INHERITED = ("DATABASE_URL", "REDIS_URL", "DATA_DIR", "MQTT_URL", "DJANGO_SETTINGS_MODULE", "TEST_DATABASE")


def hub_environment(data_dir: Path, database_url: str, redis_url: str, **more: str) -> dict[str, str]:
    """What the processes of one hub are started with; nothing of the developer's own."""
    inherited = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    return {
        **inherited,
        **_SECRETS,
        "DJANGO_SETTINGS_MODULE": "hub.settings",
        "PATCHBAY_ENV_FILE": os.devnull,
        "DATA_DIR": str(data_dir),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "LOG_FILE": "-",
        "PYTHONUNBUFFERED": "1",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        **more,
    }


class HubUnderTest:
    """The processes of one hub. `api_key` may do everything."""

    def __init__(
        self, directory: Path, database: HubDatabase, *, redis_url: str, api_key: str, secrets: Mapping[str, str]
    ) -> None:
        self.directory = directory
        self.database = database
        self.api_key = api_key
        self.environment = hub_environment(directory / "data", database.url, redis_url, **secrets)
        self.processes: dict[str, HubProcess] = {}
        self.port = 0

    @property
    def worker(self) -> HubProcess:
        """The only worker, or the first."""
        return self.processes["worker"]

    def manage(self, *arguments: str, text: str = "") -> str:
        """Run a management command; answers what it printed, raises AssertionError with it if it failed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"manage.py {' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def configure(self, text: str) -> None:
        """Make the configuration what this YAML text says."""
        self.manage("import_config", "--force", "-", text=text)

    def start_worker(self, name: str = "worker", *, site: str = "main", **environment: str) -> HubProcess:
        """Start a worker that owns links, and return at once."""
        arguments = ["-m", "celery", "-A", "hub", "worker", "--links", "--site", site, "-P", "threads", "-c", "2"]
        arguments += ["--without-gossip", "--without-mingle", "-n", f"{name}@%h", "--loglevel", "INFO"]
        return self._start(name, arguments, environment)

    def start_web(self) -> HubProcess:
        """Start the web process and wait until it answers."""
        self.port = free_port()
        web = self._start("web", ["-m", "daphne", "-b", "127.0.0.1", "-p", str(self.port), "hub.asgi:application"], {})
        wait_for(lambda: answers(self.port) or not web.is_running, within_s=30, what="the web process answers")
        assert web.is_running, web.said()
        return web

    def close(self) -> None:
        """End every process."""
        for process in self.processes.values():
            process.close()

    def said(self) -> str:
        """The end of every log."""
        return "\n".join(f"--- {name}\n{process.said()[-6000:]}" for name, process in self.processes.items())

    def _start(self, name: str, arguments: list[str], environment: Mapping[str, str]) -> HubProcess:
        log = self.directory / f"{name}.log"
        process = HubProcess(name, arguments, environment={**self.environment, **environment}, log=log)
        self.processes[name] = process
        return process.start()
