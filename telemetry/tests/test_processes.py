"""Processes that report themselves, and answer when all are asked to read their environment again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from telemetry.models import EnvironmentRequest, ProcessStatus
from telemetry.processes.environment import ask_all, forget_gone_processes, present_processes
from telemetry.processes.gauges import Gauges
from telemetry.processes.reporter import ProcessReporter, Reread
from telemetry.tests.live_support import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def alone() -> None:
    ProcessStatus.objects.all().delete()


def reporter(role: str = "worker", answer: Reread | None = None) -> ProcessReporter:
    return ProcessReporter(role, site="main", reread=lambda: answer or Reread())


@pytest.fixture
def running() -> Iterator[ProcessReporter]:
    made = reporter("web", Reread(applied=["LOG_LEVEL"], needs_restart=["SITE"]))
    made.start()
    yield made
    made.stop()
    connection.close()


def test_a_process_reports_what_it_is_and_measures() -> None:
    reporter().report()

    row = ProcessStatus.objects.get()
    assert (row.role, row.site, row.environment) == ("worker", "main", 0)
    assert row.rss_bytes > 1_000_000
    assert row.started_at < datetime.now(UTC)


def test_it_reports_again_in_the_same_row() -> None:
    made = reporter()
    made.report()
    made.report()

    assert ProcessStatus.objects.count() == 1


def test_a_running_process_answers_a_request_by_itself(running: ProcessReporter) -> None:
    wait_for(ProcessStatus.objects.exists)

    number, rows = ask_all(wait_s=10)

    assert [(row.environment, row.applied, row.needs_restart) for row in rows] == [(number, ["LOG_LEVEL"], ["SITE"])]


def test_a_process_that_ends_takes_its_report_away(running: ProcessReporter) -> None:
    wait_for(ProcessStatus.objects.exists)

    running.stop()

    assert not ProcessStatus.objects.exists()


def test_requests_from_before_its_start_are_no_matter_of_a_process() -> None:
    EnvironmentRequest.advance()
    made = reporter(answer=Reread(applied=["LOG_LEVEL"]))

    made.report()

    assert ProcessStatus.objects.get().applied == []


def test_a_fault_is_kept_for_the_answer() -> None:
    made = reporter(answer=Reread(fault="LOG_LEVEL is wrong"))
    made.report()
    EnvironmentRequest.advance()

    made.look()

    assert ProcessStatus.objects.get().fault == "LOG_LEVEL is wrong"


def test_a_process_that_does_not_answer_is_not_waited_for_longer_than_told(monkeypatch: pytest.MonkeyPatch) -> None:
    reporter().report()
    slept: list[float] = []
    monkeypatch.setattr("telemetry.processes.environment.monotonic", lambda: len(slept) * 1.0)

    number, (row,) = ask_all(wait_s=3, sleep=slept.append)

    assert row.environment < number
    assert len(slept) == 3


def test_a_process_that_vanished_is_neither_asked_nor_kept() -> None:
    reporter().report()
    ProcessStatus.objects.update(seen_at=datetime.now(UTC) - timedelta(days=2))

    assert not present_processes().exists()
    assert forget_gone_processes() == 1


def test_gauges_count_inboxes_that_live_and_the_latest_commits() -> None:
    class Inbox:
        def __len__(self) -> int:
            return 2

    gauges, inbox, gone = Gauges(), Inbox(), Inbox()
    gauges.watch_inbox(inbox)
    gauges.watch_inbox(gone)
    del gone
    for milliseconds in range(1, 101):
        gauges.note_commit(milliseconds / 1000)

    measured = gauges.read()

    assert (measured.inbox, measured.batches, measured.batch_p50_s, measured.batch_p95_s) == (2, 100, 0.051, 0.096)


def test_gauges_of_a_process_that_committed_nothing_have_no_times() -> None:
    assert Gauges().read().batch_p50_s is None
