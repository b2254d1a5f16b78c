"""Which events a listener wants: the filters of `GET messages`, held against live events.

What an event does not tell (the name of the Topic, the decoded payload) is asked of the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework import serializers

from telemetry.api.messages import MessageQuery, find_messages
from telemetry.api.queries import bad_parameter
from telemetry.live.events import Event
from telemetry.models import Message

NAMES = ("device", "topic", "source", "key", "value")


class EventsQuery(MessageQuery):
    """The parameters of `GET events`."""

    limit = None  # type: ignore[assignment] # not a list
    cursor = None  # type: ignore[assignment]
    start_time = None  # type: ignore[assignment]
    end_time = None  # type: ignore[assignment]
    last_event_id = serializers.CharField(
        required=False,
        help_text="for clients that cannot send the header Last-Event-ID: begin 10 s before this message",
    )


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Holds events against the filters. No filter lets everything through."""

    wanted: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, query: Mapping[str, Any]) -> EventFilter:
        """The filter of these checked parameters; raises Problem."""
        found = cls({name: query[name] for name in NAMES if name in query})
        found.messages()
        return found

    def messages(self) -> QuerySet[Message]:
        """The stored messages that it lets through; raises Problem."""
        return find_messages(self.wanted)

    def is_cheap(self, events: Sequence[Event]) -> bool:
        """Whether the events themselves tell all that the filters ask for."""
        if "key" in self.wanted:
            return not any(event["kind"] == "message" for event in events)
        topic = self.wanted.get("topic", "")
        return not topic or all(event["topic"] == topic for event in events if event["kind"] == "message")

    def select(self, events: Sequence[Event], sent: Mapping[str, None]) -> list[Event]:
        """The events that go through; `sent` are messages that went through before. May read the database."""
        messages = [event for event in events if event["kind"] == "message" and self._fits(event)]
        if not self.is_cheap(messages):
            ids = [UUID(event["id"]) for event in messages]
            found = {str(id) for id in self.messages().filter(id__in=ids).values_list("id", flat=True)}
            messages = [event for event in messages if event["id"] in found]
        going = {event["id"] for event in messages}
        return [event for event in events if self._goes(event, going, sent)]

    def _goes(self, event: Event, going: set[str], sent: Mapping[str, None]) -> bool:
        if event["kind"] == "message":
            return event["id"] in going
        if event["kind"] == "delivery":
            return not self.wanted or event["message"] in going or event["message"] in sent
        if event["kind"] == "alert":
            return self._names_link(event["subject"])
        return event["kind"] == "link" and self._names_link(event["key"])

    def _fits(self, event: Event) -> bool:
        return all(self.wanted.get(name, event[name]) == event[name] for name in ("device", "source"))

    def _names_link(self, key: str) -> bool:
        if not self.wanted:
            return True
        names = {self.wanted.get("source", key), f"device:{self.wanted['device']}" if "device" in self.wanted else key}
        return names == {key} and not self.wanted.keys() & {"topic", "key"}


def read_last_id(text: str) -> UUID | None:
    """The message that a `Last-Event-ID` names, None for an empty one; raises Problem."""
    if not text:
        return None
    try:
        id = UUID(text)
    except ValueError:
        id = None
    if id is None or id.version != 7:
        raise bad_parameter("Last-Event-ID", "This is not the id of a message.")
    return id
