"""One Server-Sent Events stream: first what was missed, out of the database, then what happens, without a gap.

It subscribes before it reads, so that what is committed meanwhile waits in its queue; equal ids go out once.
Source of the format: HTML Standard, section 9.2, "Server-sent events".
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from random import uniform
from typing import Any
from uuid import UUID

import orjson

from telemetry.ids import lowest_id, time_of
from telemetry.live.access import RECHECK_S, still_refused
from telemetry.live.configured_links import link_states
from telemetry.live.event_filter import EventFilter
from telemetry.live.events import Event
from telemetry.live.feed import Feed
from telemetry.live.rows import delivery_events, message_events
from telemetry.live.subscription import Subscription
from telemetry.live.threads import in_thread
from telemetry.models import Delivery

HEARTBEAT_S = 15.0
RETRY_MS = 2_000
OVERLAP = timedelta(seconds=10)
"""How far before the last message a resumed stream begins: ids are not in the order of commits."""
PAGE = 500
MOST_MISSED = 50_000
"""So many missed messages are sent at most; then the stream says that it left some out."""
_REMEMBERED = 50_000


class EventStream:
    """`async for text in stream`: the stream of one listener. `scope` tells who listens."""

    def __init__(self, feed: Feed, scope: Mapping[str, Any], wanted: EventFilter, *, last_id: UUID | None) -> None:
        self._feed = feed
        self._scope = scope
        self._wanted = wanted
        self._newest = time_of(last_id) if last_id else None
        self._sent: dict[str, None] = {}
        self._spoke_at = 0.0
        self._check_at = 0.0

    async def __aiter__(self) -> AsyncGenerator[str, None]:
        async with self._feed.subscribe() as subscription:
            yield self._said(f"retry: {RETRY_MS}\n: connected\n\n")
            self._plan_check()
            if self._newest is not None:
                async for text in self._missed(self._newest):
                    yield text
            self._newest = self._newest or datetime.now(UTC)
            async for text in self._live(subscription, self._newest):
                yield text

    async def _live(self, subscription: Subscription, since: datetime) -> AsyncIterator[str]:
        while not await self._is_refused():
            try:
                frame = await asyncio.wait_for(subscription.next(), self._patience_s())
            except TimeoutError:
                if self._patience_s() <= 0:
                    yield self._said(": still here\n\n")
                continue
            if frame is None:  # something was lost: the database has it
                subscription.begin()
                async for text in self._missed(self._newest or since):
                    yield text
                yield await self._links()
                continue
            self._note_newest(frame.events)
            text = await self._text_of(frame.events, frame.skipped)
            if text:
                yield self._said(text)

    async def _missed(self, since: datetime) -> AsyncIterator[str]:
        last, count = lowest_id(since - OVERLAP), 0
        while True:
            events, last, size = await in_thread(partial(self._read_page, last))
            self._note_newest(events)
            if text := self._format(self._unsent(events)):
                yield self._said(text)
            count += size
            if size < PAGE:
                return
            if count >= MOST_MISSED or await self._is_refused():
                yield self._said(_format_one("skipped", {"kind": "skipped", "skipped": None}))
                return

    def _read_page(self, after: UUID) -> tuple[list[Event], UUID, int]:
        """A page of messages that match, each page followed by the deliveries of its messages."""
        messages = message_events(self._wanted.messages().filter(id__gt=after).order_by("id")[:PAGE])
        ids = [UUID(event["id"]) for event in messages]
        deliveries = delivery_events(Delivery.objects.filter(message_id__in=ids).order_by("id"))
        return messages + deliveries, ids[-1] if ids else after, len(ids)

    async def _links(self) -> str:
        states = await in_thread(link_states)
        return self._said(self._format(self._wanted.select([event for _, event in states], self._sent)))

    async def _text_of(self, events: Sequence[Event], skipped: int) -> str:
        if self._wanted.wanted and not self._wanted.is_cheap(events):
            chosen = await in_thread(lambda: self._wanted.select(events, self._sent))
        else:
            chosen = self._wanted.select(events, self._sent)
        said = self._format(self._unsent(chosen))
        return said + _format_one("skipped", {"kind": "skipped", "skipped": skipped}) if skipped else said

    def _unsent(self, events: Iterable[Event]) -> list[Event]:
        fresh = [event for event in events if event["kind"] != "message" or event["id"] not in self._sent]
        self._sent.update((event["id"], None) for event in fresh if event["kind"] == "message")
        while len(self._sent) > _REMEMBERED:
            del self._sent[next(iter(self._sent))]
        return fresh

    def _format(self, events: Iterable[Event]) -> str:
        return "".join(_format_one(event["kind"], event) for event in events)

    def _note_newest(self, events: Sequence[Event]) -> None:
        ids = [event["id"] for event in events if event["kind"] == "message"]
        if ids:
            newest = time_of(UUID(max(ids)))
            self._newest = max(newest, self._newest or newest)

    def _said(self, text: str) -> str:
        self._spoke_at = time.monotonic()
        return text

    def _patience_s(self) -> float:
        return max(0.0, min(self._spoke_at + HEARTBEAT_S, self._check_at) - time.monotonic())

    def _plan_check(self) -> None:
        self._check_at = time.monotonic() + uniform(0.75, 1.0) * RECHECK_S

    async def _is_refused(self) -> bool:
        """Whether the listener's session or key is no longer good; asked about once a minute."""
        if time.monotonic() < self._check_at:
            return False
        self._plan_check()
        return await in_thread(lambda: still_refused(self._scope)) is not None


def _format_one(name: str, event: Event) -> str:
    head = f"id: {event['id']}\n" if name == "message" else ""
    return f"{head}event: {name}\ndata: {orjson.dumps(event).decode()}\n\n"
