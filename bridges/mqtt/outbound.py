"""The output side of an MQTT link: what waits, what is in flight, and what became of it.

Pure bookkeeping for one thread: no socket, no clock. Every Outgoing that is accepted gets exactly one Outcome.
After an abnormal end, QoS 0 and 1 go back to their courier, which counts; QoS 2 is kept and repeated under its
packet id if the broker resumes the session.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bridges.mqtt.outgoing_packets import MessageRefused, PublishEncoder
from bridges.mqtt.packet_ids import QOS2_IDS, PacketIds
from bridges.mqtt.packets import PUBACK, PUBCOMP, PUBREC, PUBREL, Ack, encode_ack
from bridges.mqtt.settings import ServerLimits
from bridges.mqtt.words import publish_verdict
from telemetry.backoff import Backoff
from telemetry.values import Outcome, Outgoing, Verdict

MAX_IN_FLIGHT = 1_000
MAX_QOS2_IN_FLIGHT = 20  # Mosquitto 2.0 stalled with 200
MAX_DISCONNECTS = 3
_HIGH_WATER_BYTES = 262_144
_UNKNOWN_ID = 0x92


@dataclass(slots=True)
class Flight:
    """A message of QoS 1 or 2 that the broker has not confirmed."""

    item: Outgoing
    packet_id: int
    start: int = 0  # where its packet starts in the connection's stream
    is_released: bool = False  # QoS 2: PUBREC came, PUBREL was sent
    disconnects: int = 0
    is_abnormal: bool = False  # the last connection ended abnormally while it was in flight


@dataclass(frozen=True, slots=True)
class Mark:
    """A QoS 0 message that counts as delivered once the socket took its last byte."""

    id: UUID
    start: int
    stop: int


class Outbound:
    """Outgoings to packets, answers to Outcomes."""

    def __init__(self, ids: PacketIds, *, is_v5: bool, busy: Backoff | None = None) -> None:
        self.outcomes: list[Outcome] = []
        self.answers: list[bytes] = []  # packets that are due before any new message
        self._ids = ids
        self._is_v5 = is_v5
        self._busy = busy or Backoff()
        self._paused_until = 0.0
        self._delayed: list[Outcome] = []
        self._waiting: deque[Outgoing] = deque()
        self._flights: dict[int, Flight] = {}
        self._kept: deque[Flight] = deque()  # QoS 2 of earlier connections, to be repeated
        self._marks: deque[Mark] = deque()
        self._unclear_ids = set(QOS2_IDS)  # what the broker holds under these, nobody here knows
        self._qos2_in_flight = 0
        self._released = 0  # of those in flight, how many the broker has and only must complete
        self._most = MAX_IN_FLIGHT
        self._encoder = PublishEncoder(ServerLimits(), is_v5=is_v5)
        self._allowed = MAX_IN_FLIGHT
        self._is_careful = False

    @property
    def held(self) -> int:
        """How many Outgoings have no Outcome yet."""
        return len(self._waiting) + len(self._flights) + len(self._kept) + len(self._marks) + len(self._delayed)

    @property
    def has_delayed(self) -> bool:
        """Whether a pause is running, because the broker was too busy to take a message."""
        return bool(self._delayed)

    def begin(self, limits: ServerLimits) -> None:
        """A connection stands: repeat what the broker's session still waits for, or return it."""
        self._most = min(limits.receive_maximum, MAX_IN_FLIGHT)
        self._encoder = PublishEncoder(limits, is_v5=self._is_v5)
        # After an abnormal end, one at a time at first: so a message that ends connections is soon alone in flight.
        self._allowed = 1 if self._is_careful else MAX_IN_FLIGHT
        if not limits.is_resumed:
            self._clear_ids()
            self._return_kept()
            return
        for flight in [flight for flight in self._kept if flight.is_released]:
            self._kept.remove(flight)
            flight.start = 0
            self._flights[flight.packet_id] = flight
            self._qos2_in_flight += 1
            self._released += 1
            self.answers.append(encode_ack(PUBREL, flight.packet_id))

    def _clear_ids(self) -> bytes:
        """The PUBRELs that free ids under which a resumed session may hold something that nobody here knows."""
        unclear = sorted(self._unclear_ids)
        self._unclear_ids.clear()
        for packet_id in unclear:
            self._ids.give_back(packet_id)
        return b"".join(encode_ack(PUBREL, packet_id) for packet_id in unclear)

    def _return_kept(self) -> None:
        for flight in self._kept:
            self._ids.give_back(flight.packet_id)
            reason = "The broker did not keep the session."
            self.outcomes.append(Outcome(flight.item.id, Verdict.RETURNED, reason, flight.is_abnormal))
        self._kept.clear()

    def accept(self, items: Sequence[Outgoing]) -> None:
        """Carry these out, in order."""
        self._waiting.extend(items)

    # --- sending -----------------------------------------------------------------------------------------------------

    def pump(self, queue: Callable[[bytes], None], position: int, *, unsent: int, now: datetime, tick: float) -> None:
        """Queue what may go out now. `position`: where in the stream it will start; `tick`: monotonic seconds."""
        self._end_pause(tick)
        parts, self.answers = self.answers, []
        size = sum(map(len, parts))
        room = _HIGH_WATER_BYTES - unsent
        while size < room and not self._delayed:
            data = self._next(position + size, now)
            if data is None:
                break
            parts.append(data)
            size += len(data)
        if parts:
            queue(b"".join(parts))

    def _end_pause(self, tick: float) -> None:
        if self._delayed and tick >= self._paused_until:
            if not self._paused_until:
                self._paused_until = tick + self._busy.next_delay_s()
                return
            self._paused_until = 0.0
            self.outcomes += self._delayed
            self._delayed = []

    def _next(self, start: int, now: datetime) -> bytes | None:
        """The next packet; b'' if an item was answered without one, None if nothing may go out now."""
        if self._kept:
            if not self._has_window():
                return None
            return self._repeat(self._kept.popleft(), start, now=now)
        if not self._waiting or not self._may_send(self._waiting[0]):
            return None
        return self._send(self._waiting.popleft(), start, now=now)

    def _has_window(self) -> bool:
        in_flight = len(self._flights)
        return in_flight < self._most and in_flight - self._released < self._allowed

    def _may_send(self, item: Outgoing) -> bool:
        if not item.qos:
            return True
        if item.qos == 2 and self._qos2_in_flight >= MAX_QOS2_IN_FLIGHT:
            return False
        return self._has_window()

    def _send(self, item: Outgoing, start: int, *, now: datetime) -> bytes:
        if item.expires_at is not None and item.expires_at <= now:
            self.outcomes.append(Outcome(item.id, Verdict.RETURNED, "It expired before it could be sent."))
            return b""
        before = self._clear_ids() if item.qos == 2 and self._unclear_ids else b""
        packet_id = 0
        if item.qos:
            packet_id = self._ids.take_for_qos2() if item.qos == 2 else self._ids.take()
        try:
            data = self._encoder.encode(item, packet_id, dup=False, now=now)
        except MessageRefused as refusal:
            self._ids.give_back(packet_id)
            self.outcomes.append(Outcome(item.id, Verdict.REFUSED, str(refusal)))
            return before
        if item.qos:
            self._flights[packet_id] = Flight(item, packet_id, start + len(before))
            self._qos2_in_flight += item.qos == 2
        else:
            self._marks.append(Mark(item.id, start, start + len(data)))
        return before + data if before else data

    def _repeat(self, flight: Flight, start: int, *, now: datetime) -> bytes:
        try:
            data = self._encoder.encode(flight.item, flight.packet_id, dup=True, now=now)
        except MessageRefused as refusal:  # the broker's limits changed
            self._unclear_ids.add(flight.packet_id)
            self.outcomes.append(Outcome(flight.item.id, Verdict.REFUSED, str(refusal)))
            return b""
        flight.start = start
        self._flights[flight.packet_id] = flight
        self._qos2_in_flight += 1
        return data

    def note_written(self, sent_bytes: int) -> None:
        """The socket has taken this many bytes since the connection began."""
        marks = self._marks
        while marks and marks[0].stop <= sent_bytes:
            self.outcomes.append(Outcome(marks.popleft().id, Verdict.DELIVERED))

    # --- answers -----------------------------------------------------------------------------------------------------

    def take_ack(self, ack: Ack) -> None:
        """A PUBACK, PUBREC or PUBCOMP came."""
        flight = self._flights.get(ack.packet_id)
        if ack.kind == PUBREC:
            self._take_pubrec(ack, flight)
        elif flight is None:
            return
        elif ack.kind == PUBACK and flight.item.qos == 1:
            self._confirm(flight, ack.reason_code)
        elif ack.kind == PUBCOMP and flight.is_released:
            self._confirm(flight, 0)  # "not found" here only says that it was completed before

    def _take_pubrec(self, ack: Ack, flight: Flight | None) -> None:
        if flight is None or flight.item.qos != 2:
            self.answers.append(encode_ack(PUBREL, ack.packet_id, _UNKNOWN_ID if self._is_v5 else 0))
        elif ack.reason_code >= 0x80:
            self._confirm(flight, ack.reason_code)
        else:
            self._released += not flight.is_released
            flight.is_released = True
            self.answers.append(encode_ack(PUBREL, ack.packet_id))

    def _confirm(self, flight: Flight, code: int) -> None:
        del self._flights[flight.packet_id]
        self._ids.give_back(flight.packet_id)
        self._qos2_in_flight -= flight.item.qos == 2
        self._released -= flight.is_released
        verdict, sentence = publish_verdict(code)
        outcome = Outcome(flight.item.id, verdict, sentence)
        if verdict is Verdict.RETURNED:
            # Handed in after a pause, in which nothing new is sent: else it would come back at once.
            self._delayed.append(outcome)
            return
        self._busy.reset()
        self._allowed = min(MAX_IN_FLIGHT, self._allowed + 1)
        self.outcomes.append(outcome)

    # --- the end of a connection -------------------------------------------------------------------------------------

    def end(self, *, is_abnormal: bool, sent_bytes: int, reason: str) -> None:
        """The connection is over: return what waited and QoS 0 and 1 in flight; keep QoS 2."""
        self._is_careful = is_abnormal
        self._paused_until = 0.0
        self.answers.clear()
        self.note_written(sent_bytes)
        for mark in self._marks:
            self._return(mark.id, reason, is_abnormal=is_abnormal and mark.start < sent_bytes)
        self._marks.clear()
        kept: deque[Flight] = deque()
        for flight in self._flights.values():
            flight.is_abnormal = is_abnormal and flight.start < sent_bytes
            if flight.item.qos == 1:
                self._ids.give_back(flight.packet_id)
                self._return(flight.item.id, reason, is_abnormal=flight.is_abnormal)
            elif not self._is_given_up(flight):
                kept.append(flight)
        self._flights.clear()
        self._qos2_in_flight = self._released = 0
        self._kept = kept + self._kept
        self.outcomes += self._delayed
        self._delayed = []
        for item in self._waiting:
            self._return(item.id, reason)
        self._waiting.clear()

    def _is_given_up(self, flight: Flight) -> bool:
        flight.disconnects += flight.is_abnormal and not flight.is_released
        if flight.disconnects < MAX_DISCONNECTS:
            return False
        self._unclear_ids.add(flight.packet_id)
        reason = f"It was in flight at {MAX_DISCONNECTS} abnormal disconnects."
        self.outcomes.append(Outcome(flight.item.id, Verdict.REFUSED, reason))
        return True

    def give_up(self, reason: str) -> None:
        """The link ends: return everything that is left."""
        for flight in self._kept:
            self._return(flight.item.id, reason, is_abnormal=flight.is_abnormal)
        self._kept.clear()

    def _return(self, item: UUID, reason: str, *, is_abnormal: bool = False) -> None:
        self.outcomes.append(Outcome(item, Verdict.RETURNED, reason, is_abnormal))
