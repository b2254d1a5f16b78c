"""What the pipeline remembers of each link between batches: packet ids, recent messages, echoes, codec states.

Pure. Changes of one batch are collected in `Changes` and applied only after its commit, so that a batch
can be thrown away, split and decided again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from bridges.pipeline.twins import Twins, with_new
from telemetry.values import Json

ECHO_LIMIT = 10_000
ECHO_LIFE = timedelta(seconds=60)
MIN_RECENT = 5_000
"""Brokers run ahead of the Receive Maximum (Mosquitto 2.0 does, under load), so at least this many are remembered."""


class Recent(NamedTuple):
    """A QoS 1 message that was committed: what a redelivery on a resumed session is compared to."""

    mark: int  # of topic and payload, see `mark_of`
    connection: int
    id: UUID

    def original_of(self, mark: int, connection: int) -> UUID | None:
        """Its id, if an equal message of another connection is its redelivery."""
        return self.id if self.mark == mark and self.connection != connection else None


def mark_of(topic: str, payload: bytes) -> int:
    """What tells messages under one packet id apart, within this process: 64 keyed bits, not the bytes themselves."""
    return hash((topic, payload))


@dataclass(slots=True)
class LinkMemory:
    """What is remembered of one link. `window` is its Receive Maximum.

    `recent` is by packet id: a broker uses one again only after it was acknowledged.
    """

    window: int = 500
    sequence: int = 0  # the last sequence number that was booked
    connection: int = 0  # the connection of the last arrival
    unreleased: dict[int, UUID] = field(default_factory=dict)
    recent: OrderedDict[int, Recent] = field(default_factory=OrderedDict)
    twins: Twins = field(default_factory=OrderedDict)

    def remember(self, entries: Iterable[tuple[int, Recent]]) -> None:
        """These were committed, under these packet ids; the oldest are forgotten."""
        recent = self.recent
        for packet_id, entry in entries:
            recent[packet_id] = entry
            recent.move_to_end(packet_id)
        limit = max(self.window, MIN_RECENT)
        while len(recent) > limit:
            recent.popitem(last=False)


class Echo(NamedTuple):
    """Something that the hub published where the broker cannot carry a mark (MQTT 3.1.1)."""

    link: str
    topic: str
    payload: bytes


@dataclass(slots=True)
class Changes:
    """What one batch adds to the memory, if it is committed."""

    unreleased: dict[str, dict[int, UUID | None]] = field(default_factory=dict)  # None: released
    recent: dict[str, dict[int, Recent]] = field(default_factory=dict)  # by link and packet id
    sequences: dict[str, int] = field(default_factory=dict)
    connections: dict[str, int] = field(default_factory=dict)
    codec_states: dict[str, Json] = field(default_factory=dict)
    twins: dict[str, dict[bytes, UUID]] = field(default_factory=dict)


class Memory:
    """The memory of one committer."""

    def __init__(self) -> None:
        self.links: dict[str, LinkMemory] = {}
        self.codec_states: dict[str, Json] = {}
        self._echoes: OrderedDict[Echo, tuple[str, datetime]] = OrderedDict()
        self._noting = threading.Lock()  # transit links note echoes, too

    def link(self, key: str) -> LinkMemory:
        """The memory of a link; a new one if it is not known."""
        found = self.links.get(key)
        if found is None:
            found = self.links[key] = LinkMemory()
        return found

    def unreleased(self, changes: Changes, link: str, packet_id: int) -> UUID | None:
        """The message of a packet id that the broker has not released, as of this point in the batch."""
        pending = changes.unreleased.get(link, {})
        if packet_id in pending:
            return pending[packet_id]
        return self.link(link).unreleased.get(packet_id)

    def apply(self, changes: Changes) -> None:
        """The batch is committed."""
        for key, packets in changes.unreleased.items():
            held = self.link(key).unreleased
            for packet_id, message in packets.items():
                if message is None:
                    held.pop(packet_id, None)
                else:
                    held[packet_id] = message
        for key, entries in changes.recent.items():
            self.link(key).remember(entries.items())
        for key, sequence in changes.sequences.items():
            self.link(key).sequence = sequence
        for key, connection in changes.connections.items():
            self.link(key).connection = connection
        self.codec_states.update(changes.codec_states)
        for key, found in changes.twins.items():
            self.link(key).twins = with_new(self.link(key).twins, found)

    def note_echo(self, echo: Echo, via: str, now: datetime) -> None:
        """The hub published this; it may come back without a mark."""
        with self._noting:
            self._echoes[echo] = (via, now)
            self._echoes.move_to_end(echo)
            while len(self._echoes) > ECHO_LIMIT:
                self._echoes.popitem(last=False)

    def echo(self, echo: Echo, now: datetime) -> str | None:
        """The rules that brought this about, if it is something that the hub published a short while ago."""
        found = self._echoes.get(echo) if self._echoes else None
        return found[0] if found and now - found[1] <= ECHO_LIFE else None

    def start_link(
        self,
        key: str,
        *,
        window: int,
        unreleased: Mapping[int, UUID],
        recent: Iterable[tuple[int, Recent]],
        twins: Twins | None = None,
    ) -> None:
        """A link starts: its memory is what the database says. `recent` by packet id, the oldest first."""
        link = self.links[key] = LinkMemory(window=window, unreleased=dict(unreleased), twins=twins or OrderedDict())
        link.remember(recent)
