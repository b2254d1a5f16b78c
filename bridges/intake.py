"""The web's way into the data path: packets are committed in groups. What the web sends out: `requested_deliveries`.

Each web process has one committer without links. Callers block until their own part is committed.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from datetime import UTC, datetime
from uuid import UUID

import orjson
from django.conf import settings
from django.db import Error

from bridges.announcing import News
from bridges.pipeline.committer import Committer, DataRefused
from bridges.pipeline.compilation import compile_snapshot
from bridges.pipeline.handover import Handover
from bridges.pipeline.inbox import Inbox, Submission
from bridges.pipeline.patience import Stopped
from bridges.pipeline.snapshot import Snapshot
from telemetry.ids import new_id
from telemetry.live.publisher import LivePublisher
from telemetry.models import ConfigurationVersion, IdempotencyKey
from telemetry.outages import is_outage
from telemetry.recording.batch import IdempotencyDraft
from telemetry.recording.faults import KeyInUse
from telemetry.values import PACKETS, Arrival

COMMIT_TIMEOUT_S = 10.0


class IntakeBusy(Exception):
    """It could not be committed in time (the database is away, or too much waits): try again later."""


class IntakeRefused(ValueError):
    """The database refuses this very data; the text says why."""


class IdempotencyConflict(Exception):
    """The idempotency key was used for a request with another body."""


def submit_packets(documents: Sequence[bytes], *, owner: str, idempotency_key: str = "") -> list[UUID]:
    """Store checked packets, all or none, and run the rules; answers their ids once they are committed.

    Raises IntakeBusy, IntakeRefused, IdempotencyConflict.
    """
    digest = hashlib.sha256(b"\n".join(documents)).hexdigest()
    if idempotency_key and (known := _answer_of(owner, idempotency_key, digest)):
        return known
    arrivals = [_intake().arrival(document) for document in documents]
    ids = [arrival.id for arrival in arrivals if arrival.id is not None]
    draft = None
    if idempotency_key:
        answer = orjson.dumps([str(found) for found in ids]).decode()
        draft = IdempotencyDraft(owner, idempotency_key, digest, answer, datetime.now(UTC))
    try:
        _intake().submit(arrivals, draft)
    except KeyInUse:
        known = _answer_of(owner, idempotency_key, digest)
        if known is None:
            raise IntakeBusy("the same request is being processed") from None
        return known
    return ids


def wake(targets: Collection[str]) -> None:
    """Something was committed for these targets: wake their couriers, wherever they are."""
    _intake().news.wake(targets)


def _answer_of(owner: str, key: str, digest: str) -> list[UUID] | None:
    row = IdempotencyKey.objects.filter(owner=owner, key=key).first()
    if row is None:
        return None
    if row.digest != digest:
        raise IdempotencyConflict
    return [UUID(text) for text in row.answer]


class Intake:
    """The committer of one web process. It reads the configuration again when its version changes."""

    def __init__(self) -> None:
        self._live = LivePublisher(settings.REDIS_URL)
        self.news = News(self._live)
        self._inbox = Inbox(capacity=2000)
        self._sequence = 0
        self._lock = threading.Lock()
        self._looked_at = 0.0
        instance = settings.PATCHBAY_INSTANCE_ID
        self._committer = Committer(
            f"web:{os.getpid()}:{time.time_ns()}",
            inbox=self._inbox,
            handover=Handover(instance, self.news),
            snapshot=Snapshot(version=0, instance=instance),
        )
        self._committer.start()

    @property
    def is_alive(self) -> bool:
        """Whether its committer still runs."""
        return self._committer.is_alive()

    def arrival(self, document: bytes) -> Arrival:
        """One packet as an arrival; its id is known before the commit."""
        with self._lock:
            self._sequence += 1
            sequence = self._sequence
        return Arrival(id=new_id(), link=PACKETS, payload=document, received_at=datetime.now(UTC), sequence=sequence)

    def submit(self, arrivals: Sequence[Arrival], draft: IdempotencyDraft | None) -> None:
        """Block until the arrivals are committed; raises IntakeBusy, IntakeRefused, KeyInUse."""
        self._keep_current()
        answer: Future[None] = Future()
        submission = Submission(arrivals, _settler(answer), draft)
        if self._committer.database_is_away or not self._inbox.submit(submission):
            raise IntakeBusy("the hub cannot store anything now")
        try:
            answer.result(COMMIT_TIMEOUT_S)
        except FutureTimeoutError:
            raise IntakeBusy("the hub could not store it in time; it may still do so") from None
        except DataRefused as fault:
            raise IntakeRefused(str(fault)) from None
        except Stopped:
            raise IntakeBusy("the hub is stopping") from None

    def stop(self) -> None:
        """End the committer; for tests and clean shutdown."""
        self._committer.stop(5.0)
        self.news.tasks.close()
        self._live.close()

    def _keep_current(self) -> None:
        """Use the newest configuration: looked at by whoever comes by, at most twice a second."""
        now = time.monotonic()
        if now - self._looked_at < 0.5 and self._committer.snapshot.version:
            return
        with self._lock:
            self._looked_at = now
            try:
                version = ConfigurationVersion.current()
                if version != self._committer.snapshot.version:
                    self._committer.use(compile_snapshot(version))
            except Error as error:
                if not is_outage(error):
                    raise
                raise IntakeBusy("the database is away") from error


def _settler(answer: Future[None]) -> Callable[[BaseException | None], None]:
    def settle(error: BaseException | None) -> None:
        if error is None:
            answer.set_result(None)
        else:
            answer.set_exception(error)

    return settle


_start = threading.Lock()
_running: list[Intake] = []


def _intake() -> Intake:
    """The intake of this process, made at its first use (after the web server has forked)."""
    with _start:
        if _running and not _running[0].is_alive:
            _running.pop()  # its committer failed, and said so: the next request must not wait for it in vain
        if not _running:
            _running.append(Intake())
        return _running[0]


def stop_intake() -> None:
    """End this process's intake, if it was used."""
    with _start:
        while _running:
            _running.pop().stop()
