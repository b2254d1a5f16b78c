"""The commits of a transit link: what an outage in the middle of one leaves open."""

from __future__ import annotations

import threading

import pytest
from django.db import OperationalError

from bridges.transit.ledger import TransitLedger
from telemetry.models import Lease, LedgerEntry
from telemetry.recording.batch import Batch
from telemetry.recording.outcomes import Concluded
from telemetry.recording.recorder import Recorder

pytestmark = pytest.mark.django_db(transaction=True)

KEY = "transit:plant"


def test_a_commit_that_failed_is_not_taken_for_that_of_the_life_before(monkeypatch: pytest.MonkeyPatch) -> None:
    Lease.objects.create(key=KEY, owner="test", token=1, expires_at="2100-01-01T00:00Z")
    write, failures = Recorder._write, list[OperationalError]()

    def fragile(self: Recorder, batch: Batch) -> list[Concluded]:
        if failures:
            raise failures.pop()
        return write(self, batch)

    monkeypatch.setattr(Recorder, "_write", fragile)
    TransitLedger(KEY, committer="test", token=lambda: 1, stopping=threading.Event()).write([], dropped=1)
    failures.append(OperationalError("gone"))
    TransitLedger(KEY, committer="test", token=lambda: 1, stopping=threading.Event()).write([], dropped=1)
    assert not failures
    assert LedgerEntry.objects.get(link=KEY).dropped == 2
