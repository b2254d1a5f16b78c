"""Too much waits for a target, or something waits for too long."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from telemetry.alerts.base import CLEAR, AlertKind, Finding, QueueFact, World, lasting, span
from telemetry.options import Option, OptionFault

_GOOD_SHARE = 0.8


class BacklogAlert(AlertKind):
    """What waits in the outbox."""

    name = "backlog"
    label = "Backlog"
    help = "Deliveries pile up in front of a target"
    options = (
        Option(
            name="target", kind=str, default="", label="Target", help="broker:NAME or device:NAME; empty: every one"
        ),
        Option(
            name="waiting",
            kind=int,
            default=1000,
            minimum=0,
            label="More than",
            help="Deliveries that wait; 0: the number does not matter",
        ),
        Option(
            name="oldest_s",
            kind=float,
            default=0.0,
            minimum=0,
            label="Older than",
            help="Seconds that the oldest waits; 0: its age does not matter",
        ),
        lasting(60.0),
        CLEAR,
    )

    def check(self) -> None:
        """One of the two must matter."""
        if not self.given["waiting"] and not self.given["oldest_s"]:
            raise OptionFault("waiting", "give a number or an age")

    def find(self, world: World, standing: Collection[str]) -> Iterator[Finding]:
        """Those over the limit; one with a standing alert must fall to four fifths of it."""
        for queue in world.queues:
            if queue.target != (self.given["target"] or queue.target) or not queue.waiting:
                continue
            share = _GOOD_SHARE if queue.target in standing else 1.0
            age_s = _age_s(queue, world)
            is_long = self.given["waiting"] and queue.waiting > self.given["waiting"] * share
            is_old = self.given["oldest_s"] and age_s > self.given["oldest_s"] * share
            if is_long or is_old:
                yield Finding(queue.target, f"{queue.waiting:,} wait for {queue.target}, the oldest for {span(age_s)}.")


def _age_s(queue: QueueFact, world: World) -> float:
    return (world.now - queue.oldest_at).total_seconds() if queue.oldest_at else 0.0
