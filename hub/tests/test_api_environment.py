"""`rereadenv`: who may ask, what is answered for each process, and that a wrong value changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db.models.functions import Now
from django.test import Client

from hub.api import environment
from hub.tests.api_support import key_client
from telemetry.models import EnvironmentRequest, ProcessStatus

pytestmark = pytest.mark.django_db
PATH = "/api/v1/rereadenv"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "WAIT_S", 0.0)


@pytest.fixture
def process() -> Callable[..., ProcessStatus]:
    def make(role: str, pid: int, **fields: Any) -> ProcessStatus:
        times = {"started_at": Now(), "seen_at": Now()}
        return ProcessStatus.objects.create(
            key=f"{role}:{pid}", role=role, host="h", pid=pid, site="main", **times, **fields
        )

    return make


@pytest.mark.parametrize("scope", ["read", "configure", "command"])
def test_only_an_admin_key_may_ask(scope: str) -> None:
    assert key_client(scope).post(PATH).status_code == 403


@pytest.mark.parametrize(("is_superuser", "status"), [(True, 200), (False, 403)])
def test_of_those_signed_in_only_superusers_may_ask(*, is_superuser: bool, status: int) -> None:
    user: Any = get_user_model()._default_manager.create(username="u", is_staff=True, is_superuser=is_superuser)
    client = Client()
    client.force_login(user)

    assert client.get(PATH).status_code == status


@pytest.mark.parametrize("verb", ["get", "post"])
def test_each_process_answers_for_itself(verb: str, process: Callable[..., ProcessStatus]) -> None:
    process("web", 1, environment=7, applied=["LOG_LEVEL"], needs_restart=["SITE"])
    process("worker", 2, environment=7, applied=["LOG_LEVEL", "RETENTION_DAYS"])
    process("schedule", 3, environment=6, applied=["LOG_FILE"])
    EnvironmentRequest.objects.create(number=6)

    answer = getattr(key_client("admin"), verb)(PATH).json()

    assert answer["applied"] == ["LOG_LEVEL", "RETENTION_DAYS"]
    assert answer["needs_restart"] == ["SITE"]
    assert answer["complete"] is False
    by_role = {part["role"]: part for part in answer["processes"]}
    assert by_role["web"]["answered"] is True
    assert (by_role["schedule"]["answered"], by_role["schedule"]["applied"]) == (False, [])


def test_a_wrong_value_is_named_and_no_process_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("LOG_LEVEL=LOUD\n")
    monkeypatch.setenv("PATCHBAY_ENV_FILE", str(tmp_path / ".env"))

    answer = key_client("admin").post(PATH)

    assert (answer.status_code, answer.json()["code"]) == (409, "environment_invalid")
    assert answer.json()["detail"].startswith("LOG_LEVEL is wrong")
    assert EnvironmentRequest.current() == 0
