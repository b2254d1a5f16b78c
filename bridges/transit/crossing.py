"""One life of a transit link: takes messages in, lets them go out, and acknowledges each once its targets have it.

Runs in one thread. What it has not acknowledged, the source sends again: it may end at any moment.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from time import monotonic

import orjson

from bridges.couriers.pace import Pace
from bridges.mqtt.link import MqttLink
from bridges.mqtt.settings import MqttSettings, Subscription
from bridges.pipeline.decisions import MARK_VIA, marks_of
from bridges.pipeline.memory import Echo, Memory
from bridges.pipeline.patience import Stopped
from bridges.pipeline.snapshot import Snapshot
from bridges.transit.around import Around
from bridges.transit.decisions import TransitDecider
from bridges.transit.desk import Desk, SourceHost, TargetHost
from bridges.transit.lane import Lane
from bridges.transit.ledger import TransitLedger
from bridges.transit.passages import Passage, Passages, to_announce
from bridges.transit.standing import Standing
from telemetry.ids import new_id
from telemetry.links import Link
from telemetry.recording.batch import Batch, DeliveryDraft
from telemetry.recording.faults import LeaseLost
from telemetry.values import Arrival, Outgoing

logger = logging.getLogger(__name__)

_PAUSE_S = 0.5
_SHORT_PAUSE_S = 0.05
_LEAVE_S = 1.5
_LINK_STOP_S = 1.0
_LANE_WINDOW = 500
_DEVICE = "device:"


@dataclass(frozen=True, slots=True)
class TransitSettings:
    """The sessions of a transit link: with the broker that messages come from, and with each other target broker."""

    source: str  # 'broker:plant'
    session: MqttSettings
    outputs: tuple[tuple[str, MqttSettings], ...] = ()
    devices: tuple[str, ...] = ()  # links that it writes to; with others, another worker may have to hold it


class Crossing:
    """The links, lanes and books of one life. `run` returns when `stopping` is set, and raises LeaseLost or Stopped."""

    def __init__(
        self,
        key: str,
        settings: TransitSettings,
        *,
        subscriptions: Sequence[Subscription],
        around: Around,
        stopping: threading.Event,
    ) -> None:
        self.desk = Desk()
        self._key = key
        self._source = settings.source
        self._around = around
        self._stopping = stopping
        self.input = MqttLink(key, settings.session, subscriptions=subscriptions, host=SourceHost(self.desk))
        self._links: dict[str, MqttLink] = {settings.source: self.input}
        for target, session in settings.outputs:
            host = TargetHost(self.desk, target)
            self._links[target] = MqttLink(f"{key} to {target}", session, subscriptions=(), host=host)
        self._unmarked = {target for target, link in self._links.items() if not link.settings.is_v5}
        self._lanes: dict[str, Lane] = {}
        self._passages = Passages()
        self._memory = Memory()
        self._is_leaving = False
        self._session_began = 0  # the connection that began the session of now; packet ids of older ones say nothing
        self._configuration = Snapshot(version=-1, instance="")
        self._standing = Standing(key, around.report)
        self._ledger = TransitLedger(
            key, committer=f"{around.holder} {key}", token=lambda: around.token(key), stopping=stopping
        )

    def run(self) -> None:
        """Hold the sessions and carry messages until the link is stopped."""
        self._memory.start_link(
            self._key, window=self.input.settings.receive_maximum, unreleased=self._ledger.unreleased(), recent=()
        )
        try:
            for link in self._links.values():
                link.start()
            while not self._stopping.is_set():
                self._turn(self._pause_s())
            self._leave()
        except (LeaseLost, Stopped):  # nothing can be written down
            raise
        except Exception:
            self._give_up_writes()
            raise
        finally:
            self._end()

    def _leave(self) -> None:
        """What is in hand may arrive yet; no write begins that could be cut short."""
        self.desk.close()
        self._is_leaving = True
        deadline = monotonic() + _LEAVE_S
        while len(self._passages) and monotonic() < deadline:
            self._turn(_SHORT_PAUSE_S)
        self._give_up_writes()

    def _give_up_writes(self) -> None:
        """What a device is still printing is a row for a person: acknowledged, so that it is not printed again."""
        now = datetime.now(UTC)
        if ends := [end for lane in self._lanes.values() for end in lane.give_up(now)]:
            for end in ends:
                self._passages.end(end)
            self._settle(0)

    def _end(self) -> None:
        self.desk.close()
        threads = [threading.Thread(target=link.stop, args=(_LINK_STOP_S,)) for link in self._links.values()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _pause_s(self) -> float:
        return _PAUSE_S if all(lane.is_idle for lane in self._lanes.values()) else _SHORT_PAUSE_S

    def _turn(self, timeout_s: float) -> None:
        news = self.desk.take(timeout_s)
        self._adopt_configuration()
        for report in news.reports:
            self._standing.see(report)
        now, tick = datetime.now(UTC), monotonic()
        for target, outcome in news.outcomes:
            lane = self._lanes.get(target or self._source)
            end = lane.take(outcome, tick=tick, now=now) if lane else None
            if end is not None:
                self._passages.end(end)
        for arrival in news.arrivals:
            self._admit(arrival, now)
        self._send(now, tick)
        self._settle(news.dropped)
        self._standing.tell(self._lanes.values())
        self.desk.room_is_back(in_hand=len(self._passages), size=self._passages.size)

    def _adopt_configuration(self) -> None:
        whole = self._around.snapshot()
        if whole.version != self._configuration.version:
            self._configuration = whole.transit or Snapshot(version=whole.version, instance=whole.instance)
            for lane in self._lanes.values():
                self._pace(lane)

    # In

    def _admit(self, arrival: Arrival, now: datetime) -> None:
        self._see_connection(arrival)
        if (passage := self._passages.in_hand(arrival)) is not None:
            passage.batch.ledger.update(self._decider(now).count_again(arrival).ledger)
            passage.arrival = arrival
        else:
            passage = self._decide(arrival, now)
            for draft in self._passages.add(passage):
                self._lane(draft.target).add(draft)
        # What is counted is counted at once; what tells repetitions apart is remembered with the commit.
        self._memory.link(self._key).sequence = max(self._memory.link(self._key).sequence, arrival.sequence)
        passage.changes.sequences.clear()

    def _decider(self, now: datetime) -> TransitDecider:
        return TransitDecider(
            self._configuration,
            self._memory,
            source=self._source,
            echoes=self._around.echoes,
            now=now,
            new_id=new_id,
        )

    def _decide(self, arrival: Arrival, now: datetime) -> Passage:
        decider = self._decider(now)
        try:
            batch = decider.decide_all([arrival])
        except Exception as error:  # the source would send it again, for ever, and nothing behind it would pass
            logger.exception("deciding failed", extra={"link": self._key})
            decider = self._decider(now)
            batch = decider.bury(arrival, f"the hub itself failed: {type(error).__name__}: {error}")
        return Passage(arrival, batch, decider.changes)

    def _see_connection(self, arrival: Arrival) -> None:
        """A connection without the old session: its packet ids begin anew, and are let go of before any is taken."""
        known = self._memory.link(self._key)
        if arrival.connection == known.connection:
            return
        if not arrival.is_resumed:
            self._ledger.release(list(known.unreleased))
            known.unreleased.clear()
            self._session_began = arrival.connection
        known.connection = arrival.connection

    # Out

    def _lane(self, target: str) -> Lane:
        lane = self._lanes.get(target)
        if lane is None:
            is_device = target.startswith(_DEVICE)
            driver = self._configuration.drivers.get(target.removeprefix(_DEVICE)) if is_device else None
            lane = Lane(
                target,
                window=1 if is_device else _LANE_WINDOW,
                may_repeat=not is_device or (driver is not None and driver.may_repeat_writes),
            )
            self._pace(lane)
            self._lanes[target] = lane
        return lane

    def _pace(self, lane: Lane) -> None:
        lane.pace = Pace.keeping(self._configuration.limits.get(lane.target), lane.pace, monotonic)

    def _send(self, now: datetime, tick: float) -> None:
        for lane in self._lanes.values():
            if lane.is_idle:
                continue
            for end in lane.expired(now):
                self._passages.end(end)
            if self._is_leaving and not lane.may_repeat:
                continue
            link = self._link_to(lane.target)
            if link is None:
                lane.stand(tick, "nobody here holds it now")
            elif drafts := lane.next(tick):
                self._give(link, lane.target, drafts, now=now)

    def _link_to(self, target: str) -> Link | None:
        return self._around.device_link(target) if target.startswith(_DEVICE) else self._links.get(target)

    def _give(self, link: Link, target: str, drafts: Sequence[DeliveryDraft], *, now: datetime) -> None:
        if target.startswith(_DEVICE):
            self._around.divert([draft.id for draft in drafts], partial(self.desk.conclude, target))
        elif target in self._unmarked:
            for draft in drafts:
                via = orjson.loads(draft.properties).get(MARK_VIA, "")
                self._around.echoes.note_echo(Echo(target, draft.address, draft.payload), via, now)
        link.send([self._outgoing(draft) for draft in drafts])

    def _outgoing(self, draft: DeliveryDraft) -> Outgoing:
        return Outgoing(
            id=draft.id,
            payload=draft.payload,
            address=draft.address,
            qos=draft.qos,
            retain=draft.is_retained,
            expires_at=draft.expires_at,
            properties=marks_of(self._configuration.instance, draft.id, orjson.loads(draft.properties)),
        )

    # Done

    def _settle(self, dropped: int) -> None:
        """Commit what has ended, and only then acknowledge it."""
        settled = self._passages.settled
        if not settled and not dropped:
            return
        for passage in settled:
            if passage.arrival.connection < self._session_began:  # the broker gives its packet id to others by now
                passage.batch.unreleased.clear()
                passage.changes.unreleased.clear()
        self._ledger.write(settled, dropped=dropped)
        self._passages.settled = []
        for passage in settled:
            self._memory.apply(passage.changes)
        self.input.acknowledge([passage.arrival for passage in settled])
        self._passages.let_go(settled)
        self._around.adopt(to_announce(settled, Batch(at=datetime.now(UTC))))
