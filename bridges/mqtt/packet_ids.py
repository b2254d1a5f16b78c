"""Packet ids for what we send. Pure.

QoS 2 has a few ids of its own: what an earlier life of this process left unreleased at the broker can only sit
there, so it can be released before one of these ids is used again. Otherwise a broker would take a new message
under such an id for a repetition of the old one, and drop it.
"""

from __future__ import annotations

from collections.abc import Callable
from random import randrange

QOS2_IDS = range(1, 33)
_FIRST, _LAST = 33, 65_535


class PacketIds:
    """Hands out ids that are not in use, and takes them back."""

    def __init__(self, *, draw: Callable[[int, int], int] = randrange) -> None:
        self._next = draw(_FIRST, _LAST + 1)
        self._next_qos2 = 0
        self._used: set[int] = set()

    def take(self) -> int:
        """An id for QoS 1, SUBSCRIBE or UNSUBSCRIBE. At most a few thousand are ever in use, of 65,503."""
        while True:
            packet_id = self._next
            self._next = packet_id + 1 if packet_id < _LAST else _FIRST
            if packet_id not in self._used:
                self._used.add(packet_id)
                return packet_id

    def take_for_qos2(self) -> int:
        """An id for QoS 2. At most 20 are ever in use, of 32."""
        while True:
            packet_id = QOS2_IDS[self._next_qos2]
            self._next_qos2 = (self._next_qos2 + 1) % len(QOS2_IDS)
            if packet_id not in self._used:
                self._used.add(packet_id)
                return packet_id

    def give_back(self, packet_id: int) -> None:
        """Nobody waits for an answer under this id any more."""
        self._used.discard(packet_id)
