"""What the tests of the whole system share: servers, migrated databases to copy, and a world built around one hub."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.tests.system.databases import HubDatabase, PostgresqlDatabase, SqliteDatabase
from hub.tests.system.hub_processes import ADMIN, ADMIN_PASSWORD, hub_environment
from hub.tests.system.processes import ROOT
from hub.tests.system.world import Template, World
from simulators.servers.postgresql import PostgresqlServer

HERE = Path(__file__).parent
_LIMIT_S = 240
_PREPARE = f"""
import django, sys
django.setup()
from django.contrib.auth import get_user_model
from django.core.management import call_command
call_command("migrate", verbosity=0)
get_user_model().objects.create_superuser({ADMIN!r}, password={ADMIN_PASSWORD!r})
call_command("create_api_key", "system tests", "--scope", "read", "submit", "command", "configure", "admin")
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this package, which take longer than others."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker("system")
            item.add_marker(pytest.mark.timeout(_LIMIT_S))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A migrated SQLite file with an administrator and an API key."""
    directory = tmp_path_factory.mktemp("sqlite-template")
    database = SqliteDatabase(directory / "hub.sqlite3")
    return Template(database, _prepare(directory, database))


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """A server for the databases of all hubs. A crash of the server loses nothing without fsync; power does."""
    with PostgresqlServer(["fsync=off", "max_connections=200"]) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: PostgresqlServer, tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A migrated PostgreSQL database with an administrator and an API key."""
    postgresql_server.create("template_hub")
    database = PostgresqlDatabase(postgresql_server, "template_hub")
    return Template(database, _prepare(tmp_path_factory.mktemp("postgresql-template"), database))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Brokers, Redis and a hub on a database of its own, shared by the tests of a module."""
    template: Template = request.getfixturevalue(f"{request.param}_template")
    yield from _world(template, tmp_path_factory.mktemp("hub"))


@pytest.fixture(scope="module")
def small_world(sqlite_template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The same on SQLite only, for what has nothing to do with the kind of database."""
    yield from _world(sqlite_template, tmp_path_factory.mktemp("hub"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Show the logs of the hub with a failure."""
    report = yield
    for name in ("world", "small_world"):
        found = getattr(item, "funcargs", {}).get(name)
        if report.failed and isinstance(found, World):  # type: ignore[attr-defined]
            report.sections.append(("the hub", found.said()))  # type: ignore[attr-defined]
    return report


def _world(template: Template, directory: Path) -> Iterator[World]:
    world = World(template, directory)
    try:
        yield world.open()
    finally:
        world.close()


def _prepare(directory: Path, database: HubDatabase) -> str:
    """Make tables, administrator and key; answers the key."""
    environment = hub_environment(directory, database.url, "redis://127.0.0.1:1/0")
    command = [sys.executable, "-c", _PREPARE]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().rpartition("\n")[2]
