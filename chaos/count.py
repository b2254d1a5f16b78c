"""Compares what was sent with what was stored, what the hub delivered, and what arrived at the other end. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass

TITLES = ("QoS", "sent", "lost", "stored twice", "undelivered", "came twice", "broker twice", "broker lost")


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the messages of one quality of service."""

    qos: int
    sent: int
    lost: int  # sent, but not stored
    stored_twice: int
    undelivered: int  # stored, but without a delivery that the broker confirmed
    came_twice: int  # under one delivery id: what was under way when the worker was killed is sent again
    broker_twice: int  # handed out twice by the broker to a client that nobody broke
    broker_lost: int  # confirmed by the broker to the hub, but it never came at the other end

    @property
    def is_good(self) -> bool:
        """Whether the hub kept its promise: at QoS 2 nothing is stored twice either, but what the broker took twice."""
        is_once = self.qos < 2 or self.stored_twice <= self.broker_twice
        return is_once and not (self.lost or self.undelivered)


@dataclass(frozen=True, slots=True)
class Found:
    """What one run left behind."""

    sent: Sequence[bytes]
    stored: Sequence[bytes]  # without marked duplicates
    delivered: Mapping[str, bytes]  # payloads by the id of their delivery
    came: Sequence[str]  # ids, at the other end
    witnessed: Sequence[bytes]  # what another client got of what was sent


def tally(qos: int, found: Found) -> Tally:
    """Count it."""
    return Tally(
        qos=qos,
        sent=len(found.sent),
        lost=len(set(found.sent) - set(found.stored)),
        stored_twice=len(found.stored) - len(set(found.stored)),
        undelivered=len(set(found.stored) - set(found.delivered.values())),
        came_twice=len(found.came) - len(set(found.came)),
        broker_twice=len(found.witnessed) - len(set(found.witnessed)),
        broker_lost=len(found.delivered.keys() - set(found.came)),
    )


def table(tallies: Sequence[Tally]) -> str:
    """For a terminal."""
    rows = [(*TITLES, ""), *((*astuple(one), "ok" if one.is_good else "BAD") for one in tallies)]
    return "\n".join("".join(f"{cell!s:>14}" for cell in row) for row in rows)
