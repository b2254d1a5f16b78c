"""The supervisor of a worker: holds the links that the configuration wants and that its leases allow.

Once a second, or sooner when woken, it compares the configuration version, claims and renews leases, and starts,
changes or stops links. It touches no link whose settings did not change.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import Error, connection

from bridges.couriers.courier import Courier
from bridges.mqtt.link import MqttLink
from bridges.pipeline.committer import Committer
from bridges.pipeline.compilation import compile_snapshot
from bridges.runtime.around import WorkerAround
from bridges.runtime.host import WorkerHost
from bridges.runtime.leases import RENEW_EVERY_S, Leases
from bridges.runtime.recollection import recall, recall_codecs, recall_twins
from bridges.runtime.wanted import wanted_links
from bridges.runtime.wanted_link import WantedLink
from bridges.transit.link import TransitLink
from telemetry.links import Link, LinkReport, LinkState
from telemetry.live.events import config_event
from telemetry.models import ConfigurationVersion, LinkStatus
from telemetry.outages import is_outage
from telemetry.partitions import make_partitions

logger = logging.getLogger(__name__)

TICK_S = 1.0
STOP_LINK_S = 5.0
_CLAIMS_PER_TICK = 16  # so that several workers that start together share the links
_PARTITIONS_EVERY_S = 6 * 3600.0


@dataclass(slots=True)
class Held:
    """A link that this worker holds."""

    wanted: WantedLink
    link: Link


class Supervisor(threading.Thread):
    """Owns the links of one worker. It must not end before `stop`: the process ends with it."""

    def __init__(self, site: str, *, leases: Leases, committer: Committer, host: WorkerHost) -> None:
        super().__init__(name="supervisor", daemon=True)
        self.site = site
        self.held: dict[str, Held] = {}
        self._leases = leases
        self._committer = committer
        self._host = host
        self._wanted: dict[str, WantedLink] = {}
        self._disabled: set[str] = set()
        self._version = 0
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._lost: set[str] = set()
        self._leaving: set[str] = set()  # stopped while the database was away: not all that they handed in is settled
        self._renewed_at = 0.0
        self._partitioned_at = 0.0
        host.around = WorkerAround(
            str(leases.holder), committer=committer, host=host, link_of=self._link_of, lose=self.lose
        )

    def _link_of(self, key: str) -> Link | None:
        held = self.held.get(key)
        return held.link if held else None

    def wake(self) -> None:
        """Look now rather than at the next second."""
        self._woken.set()

    def lose(self, links: frozenset[str]) -> None:
        """Another worker holds these: stop them. Called by the committer thread."""
        self._lost |= links
        self._woken.set()

    def stop(self, timeout_s: float) -> bool:
        """Stop every link, give up the leases, end. False if it still ran at the end of the time."""
        self._stopping.set()
        self._woken.set()
        self.join(timeout_s)
        return not self.is_alive()

    def run(self) -> None:
        """The loop."""
        try:
            while not self._stopping.is_set():
                self._tick_safely()
                self._woken.wait(TICK_S)
                self._woken.clear()
            self._stop_all()
        except Exception:
            logger.critical("the supervisor failed", exc_info=True)  # the process ends with it, see LinkWorker
            raise
        finally:
            connection.close()

    def _tick_safely(self) -> None:
        try:
            self._tick()
        except Error as error:
            if not is_outage(error):
                raise
            logger.debug("the database is away: %s", error)  # the committer says so once
            connection.close()
            self._stop_links(self._leases.run_out() & self._volatile(), "the database is away: the lease ran out")

    def _tick(self) -> None:
        self._stop_lost()
        self._keep_partitions()
        version = ConfigurationVersion.current()
        if version != self._version:
            self._adopt(version)
        self._renew()
        self._claim()
        self._stop_needy()

    def _stop_lost(self) -> None:
        lost = frozenset(self._lost)
        self._lost -= lost  # first of all: to stop them takes its time, and others may be lost meanwhile
        self._stop_links(lost, is_lost=True)

    # Configuration

    def _adopt(self, version: int) -> None:
        self._committer.use(compile_snapshot(version))
        self._wanted, self._disabled = wanted_links(self.site)
        for key in list(self.held):
            self._adapt(key)
        self._report_disabled()
        if self._version:
            self._committer.inbox.call(lambda: self._committer.handover.announce([config_event(version)]))
        self._version = version

    def _adapt(self, key: str) -> None:
        """Bring a running link to what is wanted now: leave it, change its subscriptions, or start it anew."""
        held, wanted = self.held[key], self._wanted.get(key)
        if wanted is None:
            self._stop_links(frozenset([key]), "")
        elif wanted.settings != held.wanted.settings:
            self._stop_links(frozenset([key]), "its configuration changed")
        elif wanted.subscriptions != held.wanted.subscriptions and isinstance(held.link, MqttLink | TransitLink):
            held.link.update_subscriptions(wanted.subscriptions)
            held.wanted = wanted
        else:
            held.wanted = wanted

    def _report_disabled(self) -> None:
        for key in self._disabled:
            self._host.report(LinkReport(key, LinkState.DISABLED))

    # Leases

    def _renew(self) -> None:
        now = time.monotonic()
        if self._leases.tokens and now - self._renewed_at >= RENEW_EVERY_S:
            self._stop_links(self._leases.renew(), is_lost=True)
            self._renewed_at = now

    def _claim(self) -> None:
        claimed = 0
        for key, wanted in self._wanted.items():
            is_taken = key in self.held or key in self._leaving or not wanted.needs <= self.held.keys()
            if is_taken or claimed >= _CLAIMS_PER_TICK or self._stopping.is_set():
                continue
            token = self._leases.claim(key, is_sticky=wanted.is_sticky)
            if token is not None:
                self._start(wanted, token)
                claimed += 1

    def _stop_needy(self) -> None:
        """Links that write to others which are not here any more: perhaps another worker holds them all."""
        needy = frozenset(key for key, held in self.held.items() if not held.wanted.needs <= self.held.keys())
        self._stop_links(needy, "this worker does not hold all devices that it writes to")

    def _volatile(self) -> frozenset[str]:
        """Links that must end with their lease. A sticky one goes on: no other host can take it."""
        return frozenset(key for key, held in self.held.items() if not held.wanted.is_sticky)

    # Links

    def _start(self, wanted: WantedLink, token: int) -> None:
        link = wanted.build(self._host)
        held = Held(wanted, link)
        courier = Courier(link, is_write=wanted.is_serial, may_repeat=wanted.may_repeat, token=token)
        committer = self._committer
        ready = threading.Event()

        def attach() -> None:
            """In the committer thread: what the link hands in from now on is ours."""
            unreleased, recent = recall(wanted.key, window=wanted.window)
            committer.memory.start_link(
                wanted.key,
                window=wanted.window,
                unreleased=unreleased,
                recent=recent,
                twins=recall_twins(wanted.key),
            )
            committer.memory.codec_states.update(recall_codecs([topic.name for topic in wanted.subscriptions]))
            if not wanted.is_transit:
                committer.handover.add(courier, now=datetime.now(UTC), carries_marks=wanted.carries_marks)
            committer.tokens[wanted.key] = token
            committer.sources[wanted.key] = link
            ready.set()

        self.held[wanted.key] = held
        committer.inbox.call(attach)
        while not ready.wait(0.2):
            if self._stopping.is_set() or not committer.is_alive():
                return
        LinkStatus.objects.update_or_create(key=wanted.key, defaults={"worker": str(self._leases.holder)})
        link.start()

    def _stop_links(self, keys: frozenset[str], reason: str = "", *, is_lost: bool = False) -> None:
        """Stop these links side by side, then give their leases up. `is_lost`: another worker has them already."""
        stopped = [self.held.pop(key) for key in keys if key in self.held]
        threads = [threading.Thread(target=self._stop_link, args=(held,), daemon=True) for held in stopped]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(STOP_LINK_S + 1)
        names = [held.wanted.key for held in stopped]
        if names and not is_lost:
            self._take_leave(names, reason)
        if names and self._detach(names):
            self._release(names, is_lost=is_lost)
        self._leases.forget(keys)

    def _stop_link(self, held: Held) -> None:
        if not held.link.stop(STOP_LINK_S):
            logger.error("a link did not end in time", extra={"link": held.wanted.key})

    def _take_leave(self, keys: list[str], reason: str) -> None:
        """Say why these links stand still, before another worker can say that they go on."""
        for key in keys:
            if key in self._disabled:
                self._host.report(LinkReport(key, LinkState.DISABLED))
            elif key in self._wanted:
                self._host.report(LinkReport(key, LinkState.WAITING, reason))

    def _detach(self, keys: list[str]) -> bool:
        """After what the links still handed in is committed, let go of them; False if the database is away."""
        done = threading.Event()
        committer = self._committer

        def detach() -> None:
            for key in keys:
                committer.sources.pop(key, None)
                committer.tokens.pop(key, None)
                committer.handover.remove(key)
            self._leaving.difference_update(keys)
            done.set()

        self._leaving.update(keys)
        committer.after_inbox(detach)
        while not done.wait(0.2):
            if not committer.is_alive():
                return True
            if committer.database_is_away:  # the leases run out by themselves
                return False
        return True

    def _release(self, keys: list[str], *, is_lost: bool) -> None:
        if not is_lost:
            forgotten = [key for key in keys if key not in self._wanted and key not in self._disabled]
            LinkStatus.objects.filter(key__in=forgotten).delete()
        self._leases.release(keys)

    def _stop_all(self) -> None:
        try:
            self._stop_links(frozenset(self.held), "its worker ended")
        except Error as error:
            if not is_outage(error):
                raise
            logger.warning("the database is away: the leases run out by themselves")

    def _keep_partitions(self) -> None:
        now = time.monotonic()
        if not self._partitioned_at or now - self._partitioned_at >= _PARTITIONS_EVERY_S:
            make_partitions(datetime.now(UTC))
            self._partitioned_at = now
