"""`manage.py prepare`: after it, the processes of a hub can start."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from pytest_django import Settings

from bridges.models import Broker

pytestmark = pytest.mark.django_db


def test_it_makes_the_rows_of_a_first_start_and_may_be_run_again(settings: Settings) -> None:
    settings.PATCHBAY_MQTT_URL = "mqtt://mine.example.org"
    for expected in ("made broker env\nThe hub is ready to start.\n", "The hub is ready to start.\n"):
        said = StringIO()
        call_command("prepare", stdout=said)
        assert said.getvalue().endswith(expected)
    assert Broker.objects.get().host == "mine.example.org"


def test_in_production_it_gathers_static_files(settings: Settings, tmp_path: Path) -> None:
    settings.PATCHBAY_IS_PRODUCTION, settings.STATIC_ROOT = True, tmp_path / "static"
    call_command("prepare", stdout=StringIO(), stderr=StringIO())
    assert (tmp_path / "static" / "admin").is_dir()


def test_a_hub_that_cannot_write_its_data_is_not_ready(settings: Settings, tmp_path: Path) -> None:
    settings.PATCHBAY_DATA_DIR = tmp_path / "file"
    settings.PATCHBAY_DATA_DIR.touch()
    with pytest.raises(SystemCheckError, match="DATA_DIR"):
        call_command("prepare", stdout=StringIO(), stderr=StringIO())
