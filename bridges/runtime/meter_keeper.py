"""The thread that brings meters to what people want of them: in one worker at a time, under a lease.

It puts commands into the outbox and reads the replies from stored messages, each step in one transaction with what it
remembers: a command is never told twice because a worker died. It must never harm the data path.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import orjson

from bridges.meters import store
from bridges.meters.decision import ACK_TIMEOUT, Talk, is_busy, next_command, take_reply
from bridges.meters.protocol import REPLY_TOPICS, Command, CommandKind, command_payload, command_topic
from bridges.meters.store import Known
from bridges.models import Meter, MeterRequest
from bridges.pipeline.outputs import add_delivery
from bridges.runtime.leased_thread import SoleWatch
from bridges.runtime.leases import Leases
from telemetry.ids import new_id, time_of
from telemetry.recording.batch import Batch, DeliveryDraft
from telemetry.recording.recorder import Recorder, check_tokens
from telemetry.recording.transactions import brief_transaction

LEASE = "meters"
LOOK_EVERY_S = 1.0
PACKETS_EVERY = timedelta(seconds=5)
OVERLAP = timedelta(seconds=15)
"""Packets are looked at again for so long: they are not committed in the order of their ids."""
SOURCE = "meters"
_AT_ONCE = timedelta(seconds=30)
_FIRST_LOOK_BACK = timedelta(minutes=2)


class MeterKeeper(SoleWatch):
    """Looks every second, if no other worker does. `adopt` is told what it committed."""

    lease = LEASE

    def __init__(self, leases: Leases, adopt: Callable[[Batch], None], *, every_s: float = LOOK_EVERY_S) -> None:
        super().__init__("meter-keeper", leases, every_s=every_s)
        self._adopt = adopt
        self._recorder = Recorder(f"{leases.holder}/meters")
        self._packets_at: datetime | None = None

    def look(self, now: datetime) -> None:
        """Read what came, and tell each meter the one thing that is due."""
        meters = self._heard(store.load(), now)
        brokers = {known.meter.broker for known in meters}
        since = store.oldest_open((known.talk for known in meters), now)
        replies = {broker: store.replies_since(broker, since) for broker in brokers} if since else {}
        unheard = {broker: store.unheard(broker) for broker in brokers}
        requests: dict[int, list[MeterRequest]] = {}
        for request in MeterRequest.objects.order_by("id"):
            requests.setdefault(request.meter_id, []).append(request)
        batch, changed, done = Batch(at=now), [], []
        for known in meters:
            talk = known.talk
            for reply, at in replies.get(known.meter.broker, ()):
                talk = take_reply(talk, reply, at)
            talk, command, settled = _asked(talk, requests.get(known.meter.pk, ()), now)
            command = command or next_command(known.wanted.desired, talk, now)
            # What nobody would hear the answer of would be told for ever.
            if command is not None and REPLY_TOPICS[command.kind] not in unheard[known.meter.broker]:
                talk = _tell(known, talk, command, batch)
            done += settled
            if talk != known.stored:
                changed.append((known.meter, talk))
        self._write(batch, changed, done)

    def _heard(self, meters: list[Known], now: datetime) -> list[Known]:
        """The meters with what their packets say; new ones are added, and looked at next time."""
        if self._packets_at is not None and now - self._packets_at < PACKETS_EVERY:
            return meters
        since = (self._packets_at or now - _FIRST_LOOK_BACK) - OVERLAP
        packets = store.note_packets(since)
        self._packets_at = now
        store.add_found(packets, [known.meter.name for known in meters])
        return [
            replace(known, talk=store.seen(known.talk, *packets[known.meter.name][1:]))
            if known.meter.name in packets
            else known
            for known in meters
        ]

    def _write(self, batch: Batch, changed: Sequence[tuple[Meter, Talk]], done: Sequence[MeterRequest]) -> None:
        """All of it in one transaction."""
        if not (changed or done):
            return
        if LEASE in self._leases.tokens:
            batch.tokens = {LEASE: self._leases.tokens[LEASE]}
        with brief_transaction():
            check_tokens(batch.tokens)
            if batch.deliveries:
                self._recorder.record(batch)
            MeterRequest.objects.filter(pk__in=[request.pk for request in done]).delete()
            for meter, talk in changed:
                store.save(meter, talk)
        if batch.deliveries:
            self._adopt(batch)

    def rest(self) -> None:
        """Packets that another worker notes are looked back at anew."""
        self._packets_at = None


def _asked(
    talk: Talk, requests: Sequence[MeterRequest], now: datetime
) -> tuple[Talk, Command | None, list[MeterRequest]]:
    """What people asked for once: the talk begun anew, the one command to tell now, and the requests settled by it.

    A relay is switched at once or not at all: a person who waits must not be surprised by it later.
    """
    done: list[MeterRequest] = []
    for request in requests:
        if request.kind == MeterRequest.Kind.RETRY:
            talk = replace(talk, tries={kind: said for kind, said in talk.tries.items() if said.is_waiting(now)})
            done.append(request)
        elif now - request.asked_at > _AT_ONCE:
            done.append(request)
        elif not is_busy(talk, now):
            kinds = MeterRequest.Kind
            if request.kind == kinds.SET_CLOCK:
                return talk, Command(CommandKind.SET_CLOCK), [*done, request]
            value = "1" if request.kind == kinds.RELAY_ON else "0"
            return talk.without(CommandKind.RELAY), Command(CommandKind.RELAY, value), [*done, request]
    return talk, None, done


def _tell(known: Known, talk: Talk, command: Command, batch: Batch) -> Talk:
    """Put the command into the outbox."""
    oprid = uuid4().hex
    payload = command_payload(command, oprid, now=batch.at, zone=known.wanted.zone)
    add_delivery(batch, _draft(known, command, payload))
    return talk.told(command, oprid, now=batch.at)


def _draft(known: Known, command: Command, payload: bytes) -> DeliveryDraft:
    """The outbox row: never retained, and worth nothing once its reply is overdue."""
    delivery_id = new_id()
    created_at = time_of(delivery_id)
    return DeliveryDraft(
        id=delivery_id,
        created_at=created_at,
        message_id=None,
        source=f"{SOURCE}:{known.meter.name}",
        rule="",
        rule_version=0,
        kind="publish",
        target=known.meter.broker.link_key,
        topic_name="",
        address=command_topic(known.meter.name, command.kind),
        payload=payload,
        qos=1,
        is_retained=False,
        properties=orjson.dumps({"via": ""}).decode(),
        state="waiting",
        disconnects=0,
        expires_at=created_at + ACK_TIMEOUT,
        done_at=None,
        reason="",
    )
