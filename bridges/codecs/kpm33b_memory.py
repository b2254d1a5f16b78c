"""What the `kpm33b` codec remembers of each meter: the packets that it gave out, and the parts that wait. Pure.

The state is plain JSON of bounded size. The one handed in is never changed: a batch may be thrown away and decided
again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import orjson

from bridges.codecs.kpm33b_packet import Document, Packet
from telemetry.values import Json

MAX_PACKETS: Final = 30  # remembered per kind and meter
MAX_METERS: Final = 1000  # kinds and meters
MAX_OPEN: Final = 200  # packets of which parts are missing
MAX_OPEN_BYTES: Final = 16_384
DUPLICATES_S: Final = 1800
"""Real ones come within seconds. An hour later it is a clock that was set back, or one that began anew."""

_FORM: Final = 1


class Held(NamedTuple):
    """A packet of which parts are missing."""

    key: str
    parts: Document
    topic: str


class MeterMemory:
    """One look at the state, and the changes to it. `state` is the next state; the same object if nothing changed."""

    def __init__(self, state: Json) -> None:
        is_ours = isinstance(state, dict) and state.get("kpm33b") == _FORM
        self._given = state
        self._meters: dict[str, dict[str, Any]] = state["meters"] if is_ours else {}
        self._open: dict[str, dict[str, Any]] = state["open"] if is_ours else {}
        self._is_changed = False

    @property
    def state(self) -> Json:
        """What to remember."""
        if not self._is_changed:
            return self._given
        return {"kpm33b": _FORM, "meters": self._meters, "open": self._open}

    # Packets given out

    def was_given(self, meter: str, time: str, *, at: datetime) -> bool:
        """Whether a packet of this time was given out a short while ago."""
        given = self._meters[meter]["times"].get(time) if meter in self._meters else None
        return given is not None and _is_recent(given, at)

    def keys_given(self, meter: str, time: str) -> frozenset[str] | None:
        """The keys given out of a meter's newest packet; None for an older one."""
        known = self._meters[meter]
        return frozenset(known["keys"]) if time == next(reversed(known["times"])) else None

    def has_counted(self, meter: str) -> bool:
        """Whether anything but zeros ever came from it."""
        return meter in self._meters and bool(self._meters[meter]["counted"])

    def give(self, packet: Packet, *, at: datetime) -> None:
        """A packet is given out."""
        known = self._meters.get(packet.source, {"times": {}, "counted": False})
        times = {time: given for time, given in known["times"].items() if time != packet.time and _is_recent(given, at)}
        times = dict([*times.items(), (packet.time, int(at.timestamp()))][-MAX_PACKETS:])
        counted = known["counted"] or not packet.is_zero
        self._keep(packet.source, {"times": times, "keys": sorted(packet.values), "counted": counted})

    def give_late(self, packet: Packet) -> None:
        """A late part of the newest packet is given out."""
        known = self._meters[packet.source]
        keys = sorted({*known["keys"], *packet.values})
        self._keep(packet.source, {**known, "keys": keys, "counted": known["counted"] or not packet.is_zero})

    def _keep(self, meter: str, entry: dict[str, Any]) -> None:
        self._meters = dict(self._meters)
        self._meters.pop(meter, None)
        self._meters[meter] = entry
        while len(self._meters) > MAX_METERS:
            del self._meters[next(iter(self._meters))]
        self._is_changed = True

    # Parts that wait

    def held(self, packet: str) -> Document:
        """What is held of a packet; {} if nothing is."""
        return dict(self._open[packet]["parts"]) if packet in self._open else {}

    def hold(self, packet: str, parts: Document, *, topic: str, at: datetime) -> bool:
        """Keep what there is of a packet, and its last part's topic; False if that is more than any meter sends."""
        try:
            size = len(orjson.dumps(parts))
        except TypeError:  # an integer beyond 64 bits
            return False
        if size > MAX_OPEN_BYTES:
            return False
        self._open = {**self._open, packet: {"parts": parts, "at": at.isoformat(), "topic": topic}}
        self._is_changed = True
        return True

    def drop(self, packet: str) -> None:
        """Nothing of this packet waits any more."""
        if packet in self._open:
            self._open = {name: value for name, value in self._open.items() if name != packet}
            self._is_changed = True

    def surplus(self) -> Iterator[Held]:
        """The oldest packets beyond the bound."""
        for packet in list(self._open)[: max(0, len(self._open) - MAX_OPEN)]:
            yield self._waiting(packet)

    def overdue(self, now: datetime, limit: timedelta) -> Iterator[Held]:
        """The packets that got no part for longer than the limit."""
        for packet, waiting in list(self._open.items()):
            if now - datetime.fromisoformat(waiting["at"]) > limit:
                yield self._waiting(packet)

    def _waiting(self, packet: str) -> Held:
        return Held(packet, self.held(packet), self._open[packet].get("topic", ""))


def _is_recent(given: int, at: datetime) -> bool:
    return abs(at.timestamp() - given) <= DUPLICATES_S
