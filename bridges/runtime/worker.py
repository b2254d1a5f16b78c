"""The data path of one worker process, put together: inbox, committer, leases, supervisor, live push."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import Error, connection

from bridges.announcing import News
from bridges.pipeline.committer import Committer
from bridges.pipeline.handover import Handover
from bridges.pipeline.inbox import Inbox
from bridges.pipeline.snapshot import Snapshot
from bridges.pipeline.spool import Spool
from bridges.runtime.alert_watch import AlertWatch
from bridges.runtime.discovery_keeper import DiscoveryKeeper
from bridges.runtime.host import WorkerHost
from bridges.runtime.leases import Holder, Leases
from bridges.runtime.meter_keeper import MeterKeeper
from bridges.runtime.processor import Processor
from bridges.runtime.recollection import settled_among
from bridges.runtime.supervisor import Supervisor
from telemetry.ids import start_ids_after
from telemetry.live.publisher import LivePublisher
from telemetry.live.wake import WakeListener
from telemetry.models import Delivery, Message
from telemetry.outages import first_line, is_outage
from telemetry.processes.garbage import tame_garbage_collector
from telemetry.recording.batch import Batch
from telemetry.values import Arrival

logger = logging.getLogger(__name__)

_COMMIT_REST_S = 10.0
_CONFIG = "config"


class LinkWorker:
    """Everything that `celery worker --links` runs besides tasks. `on_death` is told if a part of it dies."""

    def __init__(self, site: str, *, on_death: Callable[[str], None]) -> None:
        holder = Holder.this_process(settings.PATCHBAY_INSTANCE_ID)
        self._inbox = Inbox()
        self._publisher = LivePublisher(settings.REDIS_URL)
        self._news = News(self._publisher)
        self.committer = Committer(
            str(holder),
            inbox=self._inbox,
            handover=Handover(settings.PATCHBAY_INSTANCE_ID, self._news),
            spool=Spool(Path(settings.PATCHBAY_DATA_DIR) / "spool"),
            snapshot=Snapshot(version=0, instance=settings.PATCHBAY_INSTANCE_ID),
            on_lease_lost=self._lose,
        )
        self.supervisor = Supervisor(
            site, leases=Leases(holder), committer=self.committer, host=WorkerHost(self._inbox)
        )
        self.processor = Processor(leases=Leases(holder), committer=self.committer)
        self.alert_watch = AlertWatch(Leases(holder))
        self.meter_keeper = MeterKeeper(Leases(holder), self._adopt)
        self.discovery_keeper = DiscoveryKeeper(Leases(holder), self._adopt)
        self._listener = WakeListener(settings.REDIS_URL, self._wake)
        self._on_death = on_death
        self._stopping = threading.Event()
        self._spooled: list[Arrival] | None = None
        self._starter = threading.Thread(target=self._start, name="links", daemon=True)

    def start(self) -> None:
        """Start and return at once, also while the database is away."""
        self._starter.start()

    def stop(self, timeout_s: float = 20.0) -> None:
        """Stop the links, commit what they handed in, give up the leases."""
        self._stopping.set()
        deadline = time.monotonic() + timeout_s
        self._listener.stop()
        self.alert_watch.stop(min(5.0, timeout_s))
        self.meter_keeper.stop(min(5.0, timeout_s))
        self.discovery_keeper.stop(min(5.0, timeout_s))
        if self.supervisor.is_alive() and not self.supervisor.stop(max(1.0, deadline - time.monotonic())):
            logger.error("the supervisor did not end in time")
        if self.processor.is_alive() and not self.processor.stop(max(1.0, deadline - time.monotonic())):
            logger.error("the processor did not end in time")
        if self.committer.is_alive() and not self.committer.stop(max(1.0, deadline - time.monotonic())):
            logger.error("the committer did not end in time")
        self._news.tasks.close()
        self._publisher.close()

    def _start(self) -> None:
        try:
            self._run()
        except Exception:
            logger.critical("the links could not be started", exc_info=True)
            self._on_death(self._starter.name)

    def _run(self) -> None:
        spooled: list[Arrival] = []
        while not self._stopping.is_set():
            try:
                _start_ids()
                spooled = self._left_over()
            except Error as error:
                if not is_outage(error):
                    raise
                logger.warning("waiting for the database: %s", first_line(error))
                connection.close()
                self._stopping.wait(1.0)
            else:
                break
        connection.close()
        if self._stopping.is_set():
            return
        tame_garbage_collector()
        self.committer.start()
        self._replay(spooled)
        self.supervisor.start()
        self.processor.start()
        self._listener.start()
        self.alert_watch.start()
        self.meter_keeper.start()
        self.discovery_keeper.start()
        self._watch()

    def _left_over(self) -> list[Arrival]:
        """What was spooled and is not stored."""
        spool = self.committer.spool
        if spool is None:
            return []
        if self._spooled is None:  # read once: the files are ours from then on
            self._spooled = spool.left_over()
        settled = settled_among([arrival.id for arrival in self._spooled if arrival.id is not None])
        spool.forget([arrival for arrival in self._spooled if arrival.id in settled])
        return [arrival for arrival in self._spooled if arrival.id not in settled]

    def _replay(self, spooled: Sequence[Arrival]) -> None:
        """Before any link starts, so that the order is kept. It may be more than the inbox holds."""
        while spooled and self.committer.is_alive() and not self._stopping.is_set():
            spooled = spooled[self._inbox.offer_and_wait(spooled, 1.0) :]

    def _watch(self) -> None:
        """The process must not live on without its links or its committer."""
        while not self._stopping.wait(0.5):
            for thread in (self.supervisor, self.processor, self.committer):
                if not thread.is_alive() and not self._stopping.is_set():
                    self._on_death(thread.name)
                    return

    def _adopt(self, batch: Batch) -> None:
        """Another thread of this process committed it."""
        self._inbox.call(partial(self.committer.handover.adopt, batch))

    def _lose(self, links: frozenset[str]) -> None:
        self.supervisor.lose(links)

    def _wake(self, targets: frozenset[str]) -> None:
        if _CONFIG in targets:
            self.supervisor.wake()
        if others := targets - {_CONFIG}:
            self._inbox.call(partial(self.committer.handover.wake, others))


def _start_ids() -> None:
    """Ids go on from the newest stored one."""
    newest = [model.objects.order_by("-id").values_list("id", flat=True).first() for model in (Message, Delivery)]
    start_ids_after(max((found for found in newest if found is not None), default=None))
