"""What a batch knows of what came before it: held packet ids, messages that come again, what codecs remember.

Pure. It reads the memory and notes in `changes` what the batch adds to it; the rows for that go into the batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import orjson

from bridges.pipeline.memory import Changes, Memory, Recent, mark_of
from bridges.pipeline.twins import packed, twin_key, twins_name, with_new
from telemetry.recording.batch import Batch
from telemetry.values import Arrival, Json


class Seen:
    """The past of one batch, as it is while the batch is being decided."""

    def __init__(self, memory: Memory, batch: Batch) -> None:
        self.changes = Changes()
        self._memory = memory
        self._batch = batch

    def received(self, arrival: Arrival) -> int:
        """How many arrivals of its link to book as received with it: some before it may have been left out."""
        if arrival.sequence < 0:  # from the spool of an earlier process
            return 1
        known = self.changes.sequences.get(arrival.link)
        if known is None:
            known = self._memory.link(arrival.link).sequence
        if arrival.sequence <= known:
            return 0
        self.changes.sequences[arrival.link] = arrival.sequence
        return arrival.sequence - known

    def see_connection(self, arrival: Arrival) -> None:
        """A connection without the old session: the broker counts its packet ids anew."""
        link = arrival.link
        known = self.changes.connections.get(link)
        if known is None:
            known = self._memory.link(link).connection
        if arrival.connection == known:
            return
        self.changes.connections[link] = arrival.connection
        if not arrival.is_resumed:
            held = self._memory.link(link).unreleased.keys() | self.changes.unreleased.get(link, {}).keys()
            self.changes.unreleased[link] = dict.fromkeys(held)
            self._batch.releases += [(link, packet_id) for packet_id in held]

    # QoS 2

    def is_held(self, arrival: Arrival) -> bool:
        """Whether the message of this packet id is stored and not released."""
        return self._memory.unreleased(self.changes, arrival.link, arrival.packet_id) is not None

    def hold(self, arrival: Arrival, message_id: UUID) -> None:
        """Its packet id belongs to it until the broker releases it."""
        self.changes.unreleased.setdefault(arrival.link, {})[arrival.packet_id] = message_id
        self._batch.unreleased.append((arrival.link, arrival.packet_id, message_id))
        if (arrival.link, arrival.packet_id) in self._batch.releases:
            self._batch.releases.remove((arrival.link, arrival.packet_id))

    def release(self, arrival: Arrival) -> None:
        """The broker released a packet id, perhaps one that is not known."""
        if self.is_held(arrival):
            self._batch.releases.append((arrival.link, arrival.packet_id))
        self.changes.unreleased.setdefault(arrival.link, {})[arrival.packet_id] = None

    # What comes again

    def original_of(self, arrival: Arrival, message_id: UUID) -> UUID | None:
        """The message that this is a repetition of; None for a new one, which is remembered under its id."""
        original = None
        if arrival.qos == 1:
            mark = mark_of(arrival.topic, arrival.payload)
            original = self._redelivered(arrival, mark)
            recent = self.changes.recent.setdefault(arrival.link, {})
            recent[arrival.packet_id] = Recent(mark, arrival.connection, original or message_id)
        return original or self._published_twice(arrival, message_id)

    def _redelivered(self, arrival: Arrival, mark: int) -> UUID | None:
        """The original of a QoS 1 message that a resumed session sends again; in doubt it is new.

        Only with DUP set: a broker may reuse a packet id at once, and an equal payload is then a new message.
        """
        if not (arrival.dup and arrival.is_resumed):
            return None
        packet_id = arrival.packet_id
        entry = self.changes.recent.get(arrival.link, {}).get(packet_id)
        entry = entry or self._memory.link(arrival.link).recent.get(packet_id)
        return entry.original_of(mark, arrival.connection) if entry else None

    def _published_twice(self, arrival: Arrival, message_id: UUID) -> UUID | None:
        """The original of what another hub sends again after a crash; a new one is remembered."""
        key = twin_key(arrival) if arrival.properties else None
        if key is None:
            return None
        pending = self.changes.twins.setdefault(arrival.link, {})
        original = pending.get(key) or self._memory.link(arrival.link).twins.get(key)
        if original is None:
            pending[key] = message_id
        return original

    # What codecs remember

    def codec_state(self, name: str) -> Json:
        """What the codec of a Topic remembers, as of this point in the batch."""
        if name in self.changes.codec_states:
            return self.changes.codec_states[name]
        return self._memory.codec_states.get(name)

    def remember_codec(self, name: str, state: Json) -> None:
        """What it remembers from now on."""
        if state is not self.codec_state(name):
            self.changes.codec_states[name] = state

    def keep(self, births: Mapping[str, bytes]) -> None:
        """Write down what is remembered beside the messages, once a batch: a state may be large."""
        kept = {name: orjson.dumps(state) for name, state in self.changes.codec_states.items()} | dict(births)
        for link, found in self.changes.twins.items():
            if found:
                kept[twins_name(link)] = packed(with_new(self._memory.link(link).twins, found))
        self._batch.codec_states = kept
