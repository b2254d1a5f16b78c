"""Outages are waited for, a commit whose answer was lost is looked for, and faults of the data are raised."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DataError, OperationalError

from bridges.pipeline.patience import Patience, Stopped
from telemetry.recording.batch import Batch
from telemetry.recording.recorder import Recorded

pytestmark = pytest.mark.django_db(transaction=True)
AWAY = OperationalError("gone")


class RecorderDouble:
    """Raises these in turn, then records; `is_in`: whether a commit that was cut off went through."""

    def __init__(self, faults: Sequence[Exception], *, is_in: bool = False) -> None:
        self.faults = list(faults)
        self.is_in = is_in
        self.calls = 0

    def record(self, batch: Batch) -> Recorded:
        self.calls += 1
        if self.faults:
            raise self.faults.pop(0)
        return Recorded()

    def is_committed(self) -> bool:
        return self.is_in


def patience(recorder: RecorderDouble, **given: Any) -> Patience:
    made = Patience(recorder, **{"stopping": threading.Event()} | given)  # type: ignore[arg-type]
    made._backoff._draw = lambda: 0.0
    return made


def batch() -> Batch:
    return Batch(at=datetime.now(UTC))


def test_an_outage_is_waited_for_and_what_waits_is_kept_meanwhile() -> None:
    rests: list[None] = []
    recorder = RecorderDouble([AWAY, AWAY])
    one = patience(recorder, on_outage=lambda: rests.append(None))
    one.record(batch())
    assert (recorder.calls, len(rests), one.database_is_away) == (3, 2, False)


def test_a_commit_that_went_through_is_not_made_again() -> None:
    recorder = RecorderDouble([AWAY], is_in=True)
    patience(recorder).record(batch())
    assert recorder.calls == 1


def test_a_fault_of_the_data_is_raised_at_once() -> None:
    recorder = RecorderDouble([DataError("poison")])
    with pytest.raises(DataError, match="poison"):
        patience(recorder).record(batch())
    assert recorder.calls == 1


def test_who_is_told_to_stop_waits_no_longer() -> None:
    stopping = threading.Event()
    stopping.set()
    one = patience(RecorderDouble([AWAY]), stopping=stopping)
    with pytest.raises(Stopped):
        one.record(batch())
    assert one.database_is_away


def test_any_call_is_made_until_the_database_answers() -> None:
    faults = [AWAY, AWAY]

    def call() -> None:
        if faults:
            raise faults.pop()

    patience(RecorderDouble([])).patiently(call)
    assert faults == []
