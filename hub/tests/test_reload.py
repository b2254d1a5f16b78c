"""Reading the environment again in a running process."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as running
from pytest_django import Settings

from hub.config import load
from hub.config_sources import ConfigFault
from hub.reload import Reloaded, reload_environment, reread


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Path]:
    """A `.env` under a process that started with it empty."""
    path = tmp_path / ".env"
    monkeypatch.setenv("PATCHBAY_ENV_FILE", str(path))
    for name in (
        "CORS_ALLOWED_ORIGINS",
        "PATCHBAY_LOG_ACCESS",
        "PATCHBAY_METRICS_PUBLIC",
        "PATCHBAY_PROCESS_INTERVAL",
        "PATCHBAY_RATES",
        "PATCHBAY_RETENTION_DAYS",
        "PATCHBAY_SCRIPTS_DIR",
    ):
        setattr(settings, name, getattr(running, name))  # brought back afterwards
    settings.ALLOWED_HOSTS = list(running.ALLOWED_HOSTS)
    settings.CONFIG = load()
    level = logging.getLogger().level
    yield path
    logging.getLogger().setLevel(level)


def test_what_can_change_at_once_is_applied(written: Path) -> None:
    written.write_text("PROCESS_INTERVAL=9\nRATE_LIMIT_READ=7/minute\nLOG_LEVEL=ERROR\n")

    assert reload_environment() == Reloaded(("LOG_LEVEL", "PROCESS_INTERVAL", "RATE_LIMIT_READ"), ())
    assert running.PATCHBAY_PROCESS_INTERVAL == 9
    assert running.PATCHBAY_RATES["read"] == "7/minute"
    assert logging.getLogger().level == logging.ERROR


def test_new_host_names_reach_those_who_hold_the_list(written: Path) -> None:
    held = running.ALLOWED_HOSTS
    written.write_text("ALLOWED_HOSTS=hub.example.org\n")

    reload_environment()

    assert held == ["hub.example.org"]


def test_what_is_made_into_rows_at_the_first_start_is_neither_applied_nor_needs_a_restart(written: Path) -> None:
    written.write_text("MQTT_URL=mqtt://127.0.0.1\nMQTT_PUBLISH_TOPIC=hub/out\n")

    assert reload_environment() == Reloaded((), ())


def test_operations_follow_the_environment(written: Path) -> None:
    written.write_text(
        "RETENTION_DAYS=30\nMETRICS_PUBLIC=true\nLOG_ACCESS=info\nCORS_ALLOWED_ORIGINS=https://a.example.org\n"
    )

    reload_environment()

    assert running.PATCHBAY_RETENTION_DAYS == 30
    assert running.PATCHBAY_METRICS_PUBLIC is True
    assert running.PATCHBAY_LOG_ACCESS == "INFO"
    assert running.CORS_ALLOWED_ORIGINS == ["https://a.example.org"]


def test_a_process_that_is_asked_answers_a_wrong_value_instead_of_failing(written: Path) -> None:
    written.write_text("LOG_LEVEL=LOUD\n")

    assert reread().fault.startswith("LOG_LEVEL is wrong")


def test_an_unchanged_environment_changes_nothing(written: Path) -> None:
    assert reload_environment() == Reloaded((), ())


def test_what_needs_a_restart_is_named_until_it_happens(written: Path) -> None:
    written.write_text("DATABASE_URL=sqlite:////elsewhere.sqlite3\nSITE=attic\n")

    first, second = reload_environment(), reload_environment()

    assert first == second == Reloaded((), ("DATABASE_URL", "SITE"))
    assert running.PATCHBAY_SITE == "main"


def test_a_wrong_value_leaves_everything_as_it_was(written: Path) -> None:
    written.write_text("PROCESS_INTERVAL=9\nLOG_LEVEL=LOUD\n")

    with pytest.raises(ConfigFault, match=r"^LOG_LEVEL is wrong"):
        reload_environment()

    assert running.PATCHBAY_PROCESS_INTERVAL == 5
