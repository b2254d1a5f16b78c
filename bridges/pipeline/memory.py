"""What the pipeline remembers of each link between batches: packet ids, recent messages, echoes, codec states.

Pure. Changes of one batch are collected in `Changes` and applied only after its commit, so that a batch
can be thrown away, split and decided again.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from telemetry.values import Json

ECHO_LIMIT = 10_000
ECHO_LIFE = timedelta(seconds=60)


class Recent(NamedTuple):
    """A QoS 1 message that was committed: what a redelivery on a resumed session is compared to."""

    packet_id: int
    topic: str
    payload: bytes
    connection: int
    id: UUID


@dataclass(slots=True)
class LinkMemory:
    """What is remembered of one link. `window` is its Receive Maximum."""

    window: int = 500
    sequence: int = 0  # the last sequence number that was booked
    connection: int = 0  # the connection of the last arrival
    unreleased: dict[int, UUID] = field(default_factory=dict)
    recent: deque[Recent] = field(default_factory=deque)

    def redelivered(self, packet_id: int, topic: str, payload: bytes, *, connection: int) -> UUID | None:
        """The id of an equal message of an earlier connection, if there is one."""
        for entry in self.recent:
            if entry.connection != connection and entry[:3] == (packet_id, topic, payload):
                return entry.id
        return None


class Echo(NamedTuple):
    """Something that the hub published where the broker cannot carry a mark (MQTT 3.1.1)."""

    link: str
    topic: str
    payload: bytes


@dataclass(slots=True)
class Changes:
    """What one batch adds to the memory, if it is committed."""

    unreleased: dict[str, dict[int, UUID | None]] = field(default_factory=dict)  # None: released
    recent: dict[str, list[Recent]] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)
    connections: dict[str, int] = field(default_factory=dict)
    codec_states: dict[str, Json] = field(default_factory=dict)


class Memory:
    """The memory of one committer."""

    def __init__(self) -> None:
        self.links: dict[str, LinkMemory] = {}
        self.codec_states: dict[str, Json] = {}
        self._echoes: OrderedDict[Echo, tuple[str, datetime]] = OrderedDict()

    def link(self, key: str) -> LinkMemory:
        """The memory of a link; a new one if it is not known."""
        return self.links.setdefault(key, LinkMemory())

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
            self._remember(self.link(key), entries)
        for key, sequence in changes.sequences.items():
            self.link(key).sequence = sequence
        for key, connection in changes.connections.items():
            self.link(key).connection = connection
        self.codec_states.update(changes.codec_states)

    def note_echo(self, echo: Echo, via: str, now: datetime) -> None:
        """The hub published this; it may come back without a mark."""
        self._echoes[echo] = (via, now)
        self._echoes.move_to_end(echo)
        while len(self._echoes) > ECHO_LIMIT:
            self._echoes.popitem(last=False)

    def echo(self, echo: Echo, now: datetime) -> str | None:
        """The rules that brought this about, if it is something that the hub published a short while ago."""
        found = self._echoes.get(echo)
        return found[0] if found and now - found[1] <= ECHO_LIFE else None

    def start_link(self, key: str, *, window: int, unreleased: Mapping[int, UUID], recent: Iterable[Recent]) -> None:
        """A link starts: its memory is what the database says."""
        self.links[key] = LinkMemory(window=window, unreleased=dict(unreleased), recent=deque(recent))

    def _remember(self, link: LinkMemory, entries: list[Recent]) -> None:
        link.recent.extend(entries)
        while len(link.recent) > link.window:
            link.recent.popleft()
