"""The system checks: when they speak, and when they are silent."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core import checks
from pytest_django import Settings

from hub import checks as hub_checks


@pytest.fixture
def sound(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a production hub that no check complains about."""
    manifest = tmp_path / "dist" / ".vite" / "manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.touch()
    settings.PATCHBAY_IS_PRODUCTION = True
    settings.PATCHBAY_UI_DIR = tmp_path / "dist"
    settings.PATCHBAY_DATA_DIR = tmp_path / "data"
    settings.PATCHBAY_LOG_FILE = tmp_path / "log" / "server.log"
    settings.PATCHBAY_SCRIPTS_DIR = tmp_path / "data" / "scripts"
    settings.SESSION_COOKIE_SECURE = True
    settings.ALLOWED_HOSTS = ["hub.example.org"]
    monkeypatch.setattr(hub_checks, "connection", SimpleNamespace(vendor="postgresql"))
    return settings


def findings() -> list[str]:
    return [found.id or "" for found in checks.run_checks() if (found.id or "").startswith("patchbay.")]


def test_a_sound_hub_is_not_complained_about(sound: Settings) -> None:
    assert findings() == []


def test_every_finding_says_how_to_mend_it(sound: Settings, tmp_path: Path) -> None:
    sound.ALLOWED_HOSTS = ["*"]
    sound.PATCHBAY_UI_DIR = tmp_path / "nothing"

    assert [bool(found.hint) for found in checks.run_checks() if (found.id or "").startswith("patchbay.")] == [True] * 2


@pytest.mark.parametrize(("setting", "finding"), [("DATA_DIR", "patchbay.E001"), ("LOG_FILE", "patchbay.E002")])
def test_a_place_that_cannot_be_written_is_an_error(
    sound: Settings, tmp_path: Path, setting: str, finding: str
) -> None:
    (tmp_path / "a file").touch()
    setattr(sound, f"PATCHBAY_{setting}", tmp_path / "a file" / "inside")

    assert findings() == [finding]


def test_no_log_file_is_no_fault(sound: Settings) -> None:
    sound.PATCHBAY_LOG_FILE = None

    assert findings() == []


def test_sqlite_in_production_is_a_warning(sound: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_checks, "connection", SimpleNamespace(vendor="sqlite"))

    assert findings() == ["patchbay.W001"]


def test_a_user_interface_that_is_not_built_is_a_warning(sound: Settings, tmp_path: Path) -> None:
    sound.PATCHBAY_UI_DIR = tmp_path / "nothing"

    assert findings() == ["patchbay.W002"]


def test_every_host_name_in_production_is_a_warning(sound: Settings) -> None:
    sound.ALLOWED_HOSTS = ["*"]

    assert findings() == ["patchbay.W003"]


def test_cookies_without_https_in_production_are_a_warning(sound: Settings) -> None:
    sound.SESSION_COOKIE_SECURE = False

    assert findings() == ["patchbay.W004"]


def test_an_embedded_hub_may_do_all_that(sound: Settings) -> None:
    sound.PATCHBAY_IS_PRODUCTION = False
    sound.SESSION_COOKIE_SECURE = False
    sound.ALLOWED_HOSTS = ["*"]

    assert findings() == []


def test_a_secret_that_others_can_read_is_a_warning(sound: Settings, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secret-key").touch(mode=0o644)

    assert findings() == ["patchbay.W005"]


def test_scripts_that_others_can_change_are_a_warning(sound: Settings, tmp_path: Path) -> None:
    scripts = tmp_path / "data" / "scripts"
    scripts.mkdir(parents=True)
    scripts.chmod(0o777)

    assert findings() == ["patchbay.W006"]


def test_topics_of_the_first_start_without_a_broker_are_warned_of(sound: Settings) -> None:
    sound.PATCHBAY_MQTT_PUBLISH_TOPIC = "hub/packets"
    assert findings() == ["patchbay.W007"]
    sound.PATCHBAY_MQTT_URL = "mqtt://broker.example.org"
    assert findings() == []
