"""What a rule's expressions are tried on before it is saved: its own sample, or the last message of its sources.

A try must never stop a rule from being saved for another reason than its expressions, so what cannot be
decoded is no sample.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import QuerySet

from bridges.codecs.base import Incoming
from bridges.models.sample_reading import (
    Reader,
    device_of,
    device_reader,
    link_of,
    packet_reader,
    reader_of,
    topic_reader,
    variables_of,
)
from bridges.models.topic import Topic
from bridges.rules.expression import Variables
from devices.models import Device
from telemetry.models import Message
from telemetry.values import PACKETS, Decoded

if TYPE_CHECKING:
    from bridges.models.rule import RuleSource

RECENT = 500
"""How many messages of a topic are looked through for the last ones that rules saw."""
TRIED = 50
"""How many of the last messages are read until one says something: a meter sends ghosts, and packets in parts."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The variables of one message, and where they come from in words."""

    variables: Variables
    origin: str


def typed_sample(text: str, sources: Sequence[RuleSource], at: datetime) -> Sample | None:
    """A payload that a person typed, read as the first source reads its own; raises DecodeFault."""
    source = sources[0] if sources else None
    results = reader_of(source).read(Incoming(text.encode(), at))
    if not results:
        return None
    variables = variables_of(results[0], device=device_of(source), topic="", source=link_of(source), at=at)
    return Sample(variables, "the sample")


def last_sample(sources: Iterable[RuleSource]) -> Sample | None:
    """The newest stored message that says something, of the first source that has one."""
    for source in sources:
        newest = _last_messages(source)
        if (found := _alone(newest.first()) or _last_that_says_something(newest[:TRIED])) is not None:
            message, decoded = found
            variables = variables_of(
                decoded, device=message.device, topic=message.topic, source=message.source, at=message.received_at
            )
            return Sample(variables, f"the last message of {source}")
    return None


def _last_messages(source: RuleSource) -> QuerySet[Message]:
    """The newest first. Not those that no rule saw: faults, gaps and what was sent twice."""
    found = Message.objects.filter(fault="", kind=Message.Kind.MESSAGE, duplicate_of=None).order_by("-id")
    if source.packets:
        return found.filter(source=PACKETS)
    if source.device is not None:
        return found.filter(device=source.device.name)
    if source.topic is None:
        return found.none()
    of_topic = found.filter(topic_name=source.topic.name)
    all_of_it = Message.objects.filter(topic_name=source.topic.name).order_by("-id").values_list("pk", flat=True)
    oldest = all_of_it[RECENT - 1 : RECENT].first()
    return of_topic if oldest is None else of_topic.filter(pk__gte=oldest)


def _alone(message: Message | None) -> tuple[Message, Decoded] | None:
    """The newest message, if it says something whatever came before it: mostly it does, and no other need be read."""
    if message is None or (reader := _reader_for(message)) is None or reader.needs_the_earlier:
        return None
    return _last_read(reader, [message])


def _last_that_says_something(newest_first: Iterable[Message]) -> tuple[Message, Decoded] | None:
    """Of those that came the same way as the newest one, else of those that came another way."""
    ways: dict[tuple[str, str], list[Message]] = defaultdict(list)
    for message in newest_first:
        ways[message.source, message.topic_name].append(message)
    for messages in ways.values():
        reader = _reader_for(messages[0])
        if reader is not None and (found := _last_read(reader, messages)) is not None:
            return found
    return None


def _last_read(reader: Reader, newest_first: Sequence[Message]) -> tuple[Message, Decoded] | None:
    """One after the other from the oldest on, if that makes a difference."""
    if not reader.needs_the_earlier:
        tries = ((message, reader.read_in_turn([_incoming(message)])) for message in newest_first)
        return next(((message, results[0]) for message, read in tries for results in read if results), None)
    oldest_first = newest_first[::-1]
    read = zip(oldest_first, reader.read_in_turn(map(_incoming, oldest_first)), strict=True)
    found = [(message, results[-1]) for message, results in read if results]
    return found[-1] if found else None


def _reader_for(message: Message) -> Reader | None:
    """How the message would be read now; None if its source is gone."""
    kind, _, name = message.source.partition(":")
    try:
        if kind == "device":
            device = Device.objects.filter(name=name).exclude(driver="").first()
            return device_reader(device) if device else None
        topic = Topic.objects.filter(name=message.topic_name).first()
        return topic_reader(topic) if topic else packet_reader() if kind == PACKETS else None
    except ValueError:
        return None


def _incoming(message: Message) -> Incoming:
    return Incoming(bytes(message.payload), message.received_at, message.topic)
