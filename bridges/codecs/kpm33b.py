"""The `kpm33b` codec: Compere power meters (KPM33B; KPM31, KPM37 and KPM312 too) on their fixed topics.

It drops what the meters send by mistake (ghosts, duplicates), puts split packets together, and gives the vendor's keys
English names with units. Facts: COMPERE MQTT protocol V1.9 and captures of real meters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any

from bridges.codecs.base import Codec, Incoming
from bridges.codecs.document import read_json
from bridges.codecs.kpm33b_memory import MAX_OPEN_BYTES, Held, MeterMemory
from bridges.codecs.kpm33b_packet import (
    ENERGY,
    MAX_PACKET_BYTES,
    VALUES,
    Packet,
    kind_of,
    meter_of,
    read_packet,
    readings_of,
    time_of,
)
from bridges.codecs.zones import ZONE_OPTION, zone_named
from telemetry.options import Option
from telemetry.values import Decoded, DecodeFault, Json


@dataclass(frozen=True, slots=True)
class MeterNotes:
    """What is configured of one meter and changes how its packets are read."""

    zone: tzinfo | None = None  # None: the codec's own
    context: str = ""


_NO_NOTES = MeterNotes()


class Kpm33bCodec(Codec):
    """The value is the packet with the vendor's own keys (all parts of a split one); readings have English names.

    A meter with a context has it under the key `context` as well.
    """

    name = "kpm33b"
    label = "Compere KPM33B"
    help = "Power meters that publish MQTT_RT_DATA and MQTT_ENY_NOW. Ghosts and duplicates are dropped"
    is_stateful = True
    options = (
        ZONE_OPTION,
        Option(
            name="excluded_ids",
            kind=str,
            default="",
            label="Excluded ids",
            help="Meters to leave out, with commas between: 33B120000000",
        ),
        Option(
            name="new_ids",
            kind=str,
            default="",
            label="New meters",
            help="Meters that have counted nothing yet, with commas between. An energy packet of nothing but zeros"
            " is a ghost from any other meter",
        ),
        Option(
            name="clock_tolerance_s",
            kind=int,
            default=86_400,
            minimum=1,
            label="Clock tolerance (s)",
            help="A meter's clock that is further off is wrong: the time of receipt is used",
        ),
        Option(
            name="part_timeout_s",
            kind=int,
            default=10,
            minimum=1,
            maximum=3600,
            label="Wait for parts (s)",
            help="How long a split packet waits for its next part before it is given out as it is",
        ),
    )

    def __init__(self, given: Mapping[str, Any] | None = None) -> None:
        super().__init__(given)
        self._zone = zone_named(self.given["zone"])
        self._excluded = _ids(self.given["excluded_ids"])
        self._new = _ids(self.given["new_ids"])
        self._tolerance = timedelta(seconds=min(self.given["clock_tolerance_s"], 10**10))
        self._wait = timedelta(seconds=self.given["part_timeout_s"])
        self._notes: Mapping[str, MeterNotes] = {}
        self._others = _NO_NOTES

    def knowing(self, notes: Mapping[str, MeterNotes], others: MeterNotes = _NO_NOTES) -> Kpm33bCodec:
        """The same codec, with what is configured of single meters, and of the others."""
        other = copy(self)
        other._notes, other._others = notes, others
        return other

    def decode(self, state: Json, incoming: Incoming) -> tuple[Json, Sequence[Decoded]]:
        """Nothing for a ghost, a duplicate, a part that waits and an excluded meter; raises DecodeFault."""
        document = read_json(incoming.payload)
        kind, meter = kind_of(incoming.topic, document), meter_of(document)
        if meter in self._excluded:
            return state, ()
        if kind not in (VALUES, ENERGY):  # replies, commands, daily values, switch states: kept and shown
            return state, (Decoded(document, device=meter, time=time_of(document, self._zone_of(meter))),)
        if len(incoming.payload) > MAX_PACKET_BYTES:
            raise DecodeFault(f"a meter's packet has at most {MAX_PACKET_BYTES:,} bytes")
        packet, memory = read_packet(kind, document), MeterMemory(state)
        if not packet.time:
            return state, () if self._is_ghost(packet, memory) else (self._decoded(packet, incoming.received_at),)
        results = self._take(packet, memory, incoming)
        results += self._give_up(memory.surplus(), memory, incoming.received_at)
        return memory.state, results

    def flush(self, state: Json, now: datetime) -> tuple[Json, Sequence[Decoded]]:
        """The split packets whose missing parts are overdue, as they are."""
        memory = MeterMemory(state)
        results = self._give_up(memory.overdue(now, self._wait), memory, now)
        return memory.state, results

    def _take(self, packet: Packet, memory: MeterMemory, incoming: Incoming) -> list[Decoded]:
        at = incoming.received_at
        if memory.was_given(packet.source, packet.time, at=at):
            return self._take_late(packet, memory, at)
        held = memory.held(packet.key)
        if held and packet.is_zero and packet.values.keys() & read_packet(packet.kind, held).values.keys():
            return []  # a neighbour's ghost in the middle of a split packet
        whole = packet.joined_to(held)
        if packet.is_last:
            memory.drop(packet.key)
            return self._give(whole, memory, at, is_joined=bool(held))
        if not memory.hold(packet.key, whole.document, topic=incoming.topic, at=at):
            raise DecodeFault(f"the parts of one packet have more than {MAX_OPEN_BYTES:,} bytes")
        return []

    def _take_late(self, packet: Packet, memory: MeterMemory, at: datetime) -> list[Decoded]:
        """A duplicate says nothing new. A part that comes after the one called the last does."""
        given = memory.keys_given(packet.source, packet.time)
        fresh = {key: value for key, value in packet.values.items() if given is not None and key not in given}
        if not fresh or (packet.is_zero and len(fresh) < len(packet.values)):
            return []
        memory.give_late(packet)
        return [self._decoded(packet, at, values=fresh)]

    def _give(
        self, packet: Packet, memory: MeterMemory, at: datetime, *, is_joined: bool, topic: str = ""
    ) -> list[Decoded]:
        if self._is_ghost(packet, memory):
            return []
        memory.give(packet, at=at)
        return [replace(self._decoded(packet, at), is_joined=is_joined, topic=topic)]

    def _give_up(self, waiting: Iterable[Held], memory: MeterMemory, at: datetime) -> list[Decoded]:
        """Wait no longer for what these packets lack."""
        results = []
        for key, parts, topic in list(waiting):
            memory.drop(key)
            packet = read_packet(key.partition("|")[0], parts)
            results += self._give(packet, memory, at, is_joined=True, topic=topic)
        return results

    def _is_ghost(self, packet: Packet, memory: MeterMemory) -> bool:
        """A meter also publishes zeros under the id that follows its own. Only a new meter's own energy is zero."""
        if not packet.is_zero:
            return False
        return packet.kind != ENERGY or packet.meter not in self._new or memory.has_counted(packet.source)

    def _decoded(self, packet: Packet, at: datetime, *, values: Mapping[str, Json] | None = None) -> Decoded:
        time, context = time_of(packet.document, self._zone_of(packet.meter)), self._of(packet.meter).context
        return Decoded(
            {**packet.document, "context": context} if context else packet.document,
            readings_of(packet.values if values is None else values),
            device=packet.meter,
            time=time,
            is_clock_wrong=time is not None and abs(time - at) > self._tolerance,
        )

    def _of(self, meter: str) -> MeterNotes:
        return self._notes.get(meter, self._others)

    def _zone_of(self, meter: str) -> tzinfo:
        return self._of(meter).zone or self._zone


def _ids(listed: str) -> frozenset[str]:
    return frozenset(one.strip() for one in listed.split(",") if one.strip())
