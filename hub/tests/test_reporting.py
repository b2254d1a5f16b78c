"""When processes begin to report themselves, and that they stop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from celery.signals import beat_init, worker_init, worker_shutdown
from django.db import connection

import hub.celery  # noqa: F401 - connects the signals
from hub import reporting
from hub.reporting import report_this_process, stop_reporting
from telemetry.models import ProcessStatus
from telemetry.tests.live_support import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def reporting_on(settings: Any) -> Iterator[None]:
    settings.PATCHBAY_REPORTS_ITSELF = True
    yield
    stop_reporting()
    connection.close()


def roles() -> list[str]:
    return list(ProcessStatus.objects.values_list("role", flat=True))


def test_a_process_reports_itself_once_however_often_it_is_asked_to() -> None:
    for _ in range(3):
        report_this_process("web")

    assert wait_for(roles) == ["web"]
    assert len(reporting._reporters) == 1


@pytest.mark.parametrize(
    ("signal", "begin", "role"),
    [(worker_init, reporting._worker_begins, "worker"), (beat_init, reporting._schedule_begins, "schedule")],
)
def test_celery_processes_report_themselves_and_say_goodbye(signal: Any, begin: Any, role: str) -> None:
    assert begin in [listener() for _, listener in signal.receivers]
    assert stop_reporting in [listener() for _, listener in worker_shutdown.receivers]

    begin()
    assert wait_for(roles) == [role]
    stop_reporting()
    assert roles() == []


def test_where_it_is_turned_off_nothing_is_reported(settings: Any) -> None:
    settings.PATCHBAY_REPORTS_ITSELF = False

    report_this_process("web")

    assert reporting._reporters == []
