"""The commands of a hub, on one that was never started."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
from django.core.management import CommandError, call_command, get_commands, load_command_class
from django.db.utils import ConnectionHandler
from pytest_django import DjangoDbBlocker

from telemetry.management.hub_command import HubCommand

UseFile: TypeAlias = Callable[[Path], None]
OURS = ("telemetry", "bridges", "hub")
WITHOUT_TABLES = {"up", "prepare", "describe_packs"}


@pytest.fixture
def use_file(monkeypatch: pytest.MonkeyPatch, django_db_blocker: DjangoDbBlocker) -> Iterator[UseFile]:
    """Lets the commands look for their tables in a file of its own."""

    def use(path: Path) -> None:
        handler = ConnectionHandler({"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)}})
        monkeypatch.setattr("telemetry.management.hub_command.connection", handler["default"])

    with django_db_blocker.unblock():
        yield use


@pytest.mark.parametrize(
    "line",
    [
        ("import_config", "docs/guides/sensors-server.yaml", "--dry-run"),
        ("create_api_key", "board", "--scope", "submit"),
        ("install_pack", "--list"),
        ("export_config",),
    ],
    ids=lambda line: line[0],
)
def test_a_command_says_how_to_start_a_hub_that_never_was(
    line: tuple[str, ...], use_file: UseFile, tmp_path: Path
) -> None:
    use_file(tmp_path / "hub.sqlite3")
    with pytest.raises(CommandError, match=r"never started: run `manage\.py prepare`, or start it once") as refused:
        call_command(*line)
    assert refused.value.returncode == 1


def test_a_database_that_cannot_be_opened_is_told_in_one_line(use_file: UseFile, tmp_path: Path) -> None:
    use_file(tmp_path / "no" / "hub.sqlite3")
    with pytest.raises(CommandError, match="database cannot be used: unable to open"):
        call_command("export_config")


def test_each_command_of_ours_asks_for_the_tables_or_needs_none() -> None:
    ours = {name: app for name, app in get_commands().items() if app in OURS}
    asking = {name for name, app in ours.items() if isinstance(load_command_class(app, name), HubCommand)}
    assert set(ours) - asking == WITHOUT_TABLES
