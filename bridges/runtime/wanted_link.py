"""A link that the configuration wants, and what it subscribes to. Values only: nothing here starts anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from bridges.models import Topic
from bridges.mqtt.settings import Subscription
from bridges.runtime.host import WorkerHost
from telemetry.links import Link


@dataclass(frozen=True, slots=True)
class WantedLink:
    """A link as configured. Equal `settings` means that a running one need not be touched."""

    key: str
    settings: Any
    subscriptions: tuple[Subscription, ...]
    build: Callable[[WorkerHost], Link]
    is_serial: bool
    is_sticky: bool  # its lease never moves to another host by itself
    may_repeat: bool = False
    window: int = 500
    carries_marks: bool = True
    is_transit: bool = False  # it takes nothing of the outbox
    needs: frozenset[str] = frozenset()  # links that the same worker must hold: it writes to them itself


def subscriptions_of(topics: Iterable[Topic], *, is_stored: bool) -> tuple[Subscription, ...]:
    """The enabled subscriptions among these Topics, of those that are stored or of those that are not."""
    return tuple(
        Subscription(name=topic.name, filter=topic.filter, identifier=topic.pk, qos=topic.qos, no_local=topic.no_local)
        for topic in topics
        if topic.is_enabled and topic.direction == Topic.Direction.IN and topic.is_stored == is_stored
    )
