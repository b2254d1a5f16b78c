"""Numbered messages at a steady pace, and what became of the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import Self

from hub.tests.system.mqtt_peer import MqttPeer


def numbered(number: int) -> bytes:
    """The payload of a number."""
    return f"message {number:06d}".encode()


class Load:
    """Publishes `count` numbered messages to a topic, `per_s` of them in a second, from a thread of its own."""

    def __init__(self, peer: MqttPeer, topic: str, *, qos: int, count: int, per_s: float) -> None:
        self.count = count
        self._peer, self._topic, self._qos, self._per_s = peer, topic, qos, per_s
        self._stopping = Event()
        self._thread = Thread(target=self._run, daemon=True)

    @property
    def payloads(self) -> list[bytes]:
        """All of it, in order."""
        return [numbered(number) for number in range(self.count)]

    def wait_until_confirmed(self, within_s: float = 60.0) -> None:
        """Wait until the broker has taken all of it over. Only for a peer that publishes nothing else."""
        self._thread.join(within_s)
        self._peer.wait_until_confirmed(self.count, within_s)

    def _run(self) -> None:
        begun_at = monotonic()
        for number in range(self.count):
            self._peer.publish_soon(self._topic, numbered(number), self._qos)
            if self._stopping.wait(max(0.0, begun_at + number / self._per_s - monotonic())):
                return

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._stopping.set()
        self._thread.join(10)


def first_occurrences(payloads: Sequence[bytes]) -> list[bytes]:
    """Each payload once, where it came first."""
    return list(dict.fromkeys(payloads))


def missing(payloads: Sequence[bytes], load: Load) -> list[bytes]:
    """What of a load is not among these."""
    return sorted(set(load.payloads) - set(payloads))
