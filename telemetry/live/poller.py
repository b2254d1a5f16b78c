"""Looks into the database for what happened, where nobody tells: slow, but the page still moves.

Always for links, alerts, meters and the configuration, whose workers may vanish without a word; for messages and
deliveries only while Redis is away. One instance serves one web process; it reads the database: call it in a thread,
one call at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from telemetry.ids import lowest_id
from telemetry.live.alerts import alerts_by_id, standing_alerts
from telemetry.live.configured_links import link_states
from telemetry.live.events import Event, config_event
from telemetry.live.rows import delivery_events, message_events
from telemetry.live.sources import configured_states
from telemetry.models import ConfigurationVersion, Delivery, Message

OVERLAP = timedelta(seconds=10)
"""How far back each look goes: ids are not in the order of commits."""
LIMIT = 500
_STATE_FIELDS = ("state", "detail", "warning", "since")


class Poller:
    """Remembers what it has seen, so that each look brings only what is new."""

    def __init__(self) -> None:
        self._version: int | None = None
        self._links: dict[str, tuple[object, ...]] = {}
        self._alerts: dict[int, Event] = {}
        self._states: dict[tuple[str, str], Event] = {}
        self._messages: set[str] = set()
        self._deliveries: set[tuple[str, str]] = set()

    def look_at_states(self) -> list[Event]:
        """Links, alerts and meters whose state changed, and the configuration version if it did."""
        changed = [*self._changed_links(), *self._changed_alerts(), *self._changed_states()]
        version = ConfigurationVersion.current()
        if version != self._version:
            changed.append(config_event(version))
            self._version = version
        return changed

    def look_at_all(self, now: datetime | None = None) -> list[Event]:
        """Also the messages and deliveries of the last 10 seconds that were not seen yet, oldest first."""
        low = lowest_id((now or datetime.now(UTC)) - OVERLAP)
        messages = message_events(Message.objects.filter(id__gte=low).order_by("-id")[:LIMIT])[::-1]
        deliveries = delivery_events(Delivery.objects.filter(id__gte=low).order_by("-id")[:LIMIT])[::-1]
        return [*self._new_messages(messages), *self._new_deliveries(deliveries), *self.look_at_states()]

    def _changed_links(self) -> Iterator[Event]:
        for _, event in link_states():
            state = tuple(event[name] for name in _STATE_FIELDS)
            if self._links.get(event["key"]) != state:
                self._links[event["key"]] = state
                yield event

    def _changed_alerts(self) -> list[Event]:
        """Those that opened, were acknowledged, say something new, or are over."""
        before, self._alerts = self._alerts, {event["id"]: event for event in standing_alerts()}
        changed = [event for id, event in self._alerts.items() if before.get(id) != event]
        return changed[::-1] + alerts_by_id(before.keys() - self._alerts.keys())

    def _changed_states(self) -> Iterator[Event]:
        """What is gone raised the configuration version when it went."""
        for event in (event for events in configured_states().values() for event in events):
            key = event["kind"], event["name"]
            if self._states.get(key) != event:
                self._states[key] = event
                yield event

    def _new_messages(self, events: list[Event]) -> Iterable[Event]:
        seen, self._messages = self._messages, {event["id"] for event in events}
        return [event for event in events if event["id"] not in seen]

    def _new_deliveries(self, events: list[Event]) -> Iterable[Event]:
        seen, self._deliveries = self._deliveries, {(event["id"], event["state"]) for event in events}
        return [event for event in events if (event["id"], event["state"]) not in seen]
