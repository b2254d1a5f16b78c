"""The input side of an MQTT link: what came in, whether the host has it, and what is not acknowledged yet.

Pure bookkeeping for one thread: no socket, no clock. An acknowledgement goes out once, in order of receipt,
and only on the connection that the message came on.
"""

from __future__ import annotations

import itertools
from collections import Counter, deque
from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from bridges.mqtt.packets import PUBACK, PUBCOMP, PUBREC, Publish, encode_ack
from telemetry.links import LinkHost
from telemetry.values import Arrival, ArrivalKind

OVERRUN_FACTOR = 10
MAX_UNACKNOWLEDGED_BYTES = 32_000_000
"""A connection is ended when a broker runs this many times its Receive Maximum ahead, with this many bytes of payload.

MQTT 3.1.1 brokers are not told the number, rumqttd ignores it, and so does Mosquitto 2.0 once messages wait: one
acknowledgement releases its whole queue (measured with 2.0.11: 33,000 unacknowledged at a Receive Maximum of 500).
Ending the connection makes it send all of them again, so only what would cost too much memory is worth that.
"""
MAX_UNACKNOWLEDGED = 100_000
"""Small messages cost memory, too. Packet ids do not bound their number: beyond 65,535 Mosquitto uses them again."""
_PORTION = 500  # of what is held, so much is offered at once

_connections = itertools.count(1)
"""Numbered through the process: an arrival that waits in the inbox while its link is replaced by another of the same
key is then never taken for one of the new link's."""


class Inbound:
    """Turns PUBLISHes and PUBRELs into arrivals, and the host's word into acknowledgements."""

    def __init__(self, key: str, *, receive_maximum: int, most_bytes: int = MAX_UNACKNOWLEDGED_BYTES) -> None:
        self.is_overrun = False
        """The broker sent more than it may; what it sends now is left to it until the next connection."""
        self.is_closing = False
        """Take no new messages; those that were taken can still be acknowledged."""
        self.connection = 0
        self._key = key
        self._limit = receive_maximum * OVERRUN_FACTOR
        self._most_bytes = most_bytes
        self._is_new = False  # the session, and nobody knows: see `begin`
        self._is_told = False  # the host took an arrival of this connection
        self._sequence = 0
        self._fresh: list[Arrival] = []  # not offered to the host yet, in order
        self._held: deque[Arrival] = deque()  # before these: what it had no room for
        self._unacknowledged: deque[Arrival] = deque()  # QoS 1 and 2, in order of receipt
        self._early: set[int] = set()  # sequences that were acknowledged before their turn
        self._due_ids: Counter[int] = Counter()  # packet ids of what is unacknowledged
        self._due_bytes = 0
        self._releases: dict[int, int] = {}  # packet id: sequence of its RELEASE

    def begin(self, *, is_resumed: bool) -> None:
        """A new connection: nothing that is open on an older one can be answered any more.

        The host hears of a new session by its first arrival. One that brought none, and was then resumed, is still
        new to the host: it holds packet ids of the session before it, and would take other messages for those.
        """
        self.connection = next(_connections)
        self.is_overrun = False
        self._is_new = not is_resumed or (self._is_new and not self._is_told)
        self._is_told = False
        self._forget_untaken()
        self._unacknowledged.clear()
        self._early.clear()
        self._due_ids.clear()
        self._due_bytes = 0
        self._releases.clear()

    def _forget_untaken(self) -> None:
        # They come again and are counted then.
        untaken = (*self._held, *self._fresh)
        self._sequence -= sum(1 for arrival in untaken if arrival.kind is ArrivalKind.MESSAGE)
        self._held.clear()
        self._fresh.clear()

    @property
    def is_settled(self) -> bool:
        """Whether everything that was taken is acknowledged."""
        return not self._unacknowledged and not self._releases

    @property
    def is_held_up(self) -> bool:
        """Whether the host had no room for something that must not be dropped."""
        return bool(self._held)

    def add(self, publish: Publish, topics: tuple[str, ...], *, now: datetime) -> None:
        """A PUBLISH came."""
        packet_id = publish.packet_id
        if packet_id and not self._open(publish):
            return
        self._sequence += 1
        arrival = Arrival(
            link=self._key,
            payload=publish.payload,
            received_at=now,
            sequence=self._sequence,
            topic=publish.topic,
            topics=topics,
            qos=publish.qos,
            retain=publish.retain,
            dup=publish.dup,
            packet_id=packet_id,
            connection=self.connection,
            is_resumed=not self._is_new,
            properties=publish.properties.as_texts(),
        )
        self._fresh.append(arrival)
        if packet_id:
            self._unacknowledged.append(arrival)
            self._due_bytes += len(arrival.payload)

    def _open(self, publish: Publish) -> bool:
        if self.is_overrun or self.is_closing:
            return False
        # A packet id in use, without DUP, is no repetition at QoS 1 but another message: Mosquitto 2.0 gives ids out
        # again when its queue is longer than there are ids. Each is acknowledged, which settles its oldest.
        if publish.packet_id in self._due_ids and (publish.dup or publish.qos == 2):
            return False  # repeated within the connection: it is in hand already
        due = len(self._unacknowledged)
        if due >= self._limit and (self._due_bytes >= self._most_bytes or due >= MAX_UNACKNOWLEDGED):
            self.is_overrun = True
            return False
        self._due_ids[publish.packet_id] += 1
        return True

    def add_release(self, packet_id: int, *, now: datetime) -> None:
        """A PUBREL came, known or not. Its sequence is that of the newest message: it is not one itself."""
        self._releases[packet_id] = self._sequence
        self._fresh.append(
            Arrival(
                link=self._key,
                payload=b"",
                received_at=now,
                sequence=self._sequence,
                kind=ArrivalKind.RELEASE,
                qos=2,
                packet_id=packet_id,
                connection=self.connection,
                is_resumed=not self._is_new,
            )
        )

    def offer(self, host: LinkHost) -> None:
        """Offer the host what it has not taken yet. What it has no room for waits, except QoS 0: that is dropped."""
        while self._held:
            first = list(islice(self._held, _PORTION))
            taken = host.offer(first)
            self._is_told |= taken > 0
            for _ in range(taken):
                self._held.popleft()
            if taken < len(first):
                break
        fresh, self._fresh = self._fresh, []
        taken = host.offer(fresh) if fresh and not self._held else 0
        self._is_told |= taken > 0
        if taken < len(fresh):
            self._hold(fresh[taken:], host)

    def _hold(self, rest: Sequence[Arrival], host: LinkHost) -> None:
        kept = [arrival for arrival in rest if arrival.qos]
        self._held.extend(kept)
        if dropped := len(rest) - len(kept):
            host.dropped(self._key, dropped)

    def acknowledge(self, arrivals: Sequence[Arrival]) -> bytes:
        """The packets that the host's word allows now: for these, or for earlier ones that waited for their turn."""
        packets: list[bytes] = []
        for arrival in arrivals:
            if arrival.connection != self.connection or not arrival.qos:
                continue
            if arrival.kind is ArrivalKind.RELEASE:
                self._complete(arrival, packets)
            else:
                self._settle(arrival.sequence, packets)
        return b"".join(packets)

    def _complete(self, release: Arrival, packets: list[bytes]) -> None:
        packet_id = release.packet_id
        if self._releases.get(packet_id) == release.sequence:
            del self._releases[packet_id]
            packets.append(encode_ack(PUBCOMP, packet_id))

    def _settle(self, sequence: int, packets: list[bytes]) -> None:
        waiting = self._unacknowledged
        if not waiting or not waiting[0].sequence <= sequence <= waiting[-1].sequence:
            return  # acknowledged before
        if sequence != waiting[0].sequence:
            self._early.add(sequence)
            return
        self._answer(waiting.popleft(), packets)
        while self._early and waiting and waiting[0].sequence in self._early:
            self._early.discard(waiting[0].sequence)
            self._answer(waiting.popleft(), packets)

    def _answer(self, arrival: Arrival, packets: list[bytes]) -> None:
        self._due_ids[arrival.packet_id] -= 1
        if not self._due_ids[arrival.packet_id]:
            del self._due_ids[arrival.packet_id]
        self._due_bytes -= len(arrival.payload)
        packets.append(encode_ack(PUBACK if arrival.qos == 1 else PUBREC, arrival.packet_id))
