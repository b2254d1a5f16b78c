"""`GET events`: what a listener gets, resumed without a gap, and who may listen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from django.contrib.auth.models import User
from django.http import HttpResponseBase
from django.test import AsyncRequestFactory
from rest_framework.test import force_authenticate

from simulators.servers.ports import free_port
from telemetry.ids import IdGenerator, new_id
from telemetry.live import event_stream
from telemetry.live.event_filter import EventFilter
from telemetry.live.event_stream import EventStream
from telemetry.live.events import Event, delivery_event, link_event, message_event
from telemetry.live.feed import Feed
from telemetry.live.sse import events
from telemetry.live.threads import in_thread
from telemetry.models import Delivery, Message, StoredReading

pytestmark = pytest.mark.django_db(transaction=True)
LINK = link_event("device:scale", "lost")


class NoLooks:
    """A poller that finds nothing: these tests say themselves what happens."""

    def look_at_states(self) -> list[Event]:
        return []

    def look_at_all(self) -> list[Event]:
        return []


@pytest.fixture
def feed() -> Feed:
    return Feed(f"redis://127.0.0.1:{free_port()}/0", make_poller=NoLooks)


class Listener:
    """Reads the blocks of a stream one by one."""

    def __init__(self, texts: AsyncIterator[str]) -> None:
        self._texts = texts
        self._blocks: list[str] = []

    async def next(self) -> str:
        while not self._blocks:
            text = await asyncio.wait_for(anext(self._texts), 10)
            self._blocks = [block for block in text.split("\n\n") if block]
        return self._blocks.pop(0)

    async def rest(self) -> AsyncIterator[str]:
        """The blocks until the stream ends."""
        while True:
            try:
                yield await self.next()
            except StopAsyncIteration:
                return

    async def event(self) -> dict[str, Any]:
        """The data of the next event."""
        lines = dict(line.split(": ", 1) for line in (await self.next()).splitlines())
        return dict(orjson.loads(lines["data"]))

    async def ids(self, count: int) -> list[str]:
        return [(await self.event())["id"] for _ in range(count)]


@asynccontextmanager
async def listening(
    feed: Feed, wanted: Mapping[str, str] | None = None, *, last_id: UUID | None = None
) -> AsyncIterator[Listener]:
    stream = EventStream(feed, {}, EventFilter(wanted or {}), last_id=last_id)
    async with aclosing(aiter(stream)) as texts:
        listener = Listener(texts)
        assert await listener.next() == "retry: 2000\n: connected"
        yield listener


def id_of(ago_s: float) -> UUID:
    at = datetime.now(UTC) - timedelta(seconds=ago_s)
    return IdGenerator(lambda: int(at.timestamp() * 1000))()


async def stored(**fields: Any) -> Event:
    """A message in the database, as the event that tells of it."""
    values = {"received_at": datetime.now(UTC), "source": "broker:plant", "topic": "a/b", "payload": b"{}"} | fields
    row = await in_thread(lambda: Message.objects.create(**values))
    return message_event(
        row.id, row.received_at, source=row.source, payload=row.payload, topic=row.topic, device=row.device
    )


def delivery_of(message: Event | None) -> Event:
    id = UUID(message["id"]) if message else None
    return delivery_event(new_id(), datetime.now(UTC), target="broker:b", state="waiting", payload=b"", message=id)


async def test_an_event_has_id_kind_and_data(feed: Feed) -> None:
    message = await stored()
    async with listening(feed) as listener:
        feed.broadcast([message, LINK])
        assert await listener.next() == f"id: {message['id']}\nevent: message\ndata: {orjson.dumps(message).decode()}"
        assert await listener.next() == f"event: link\ndata: {orjson.dumps(LINK).decode()}"


async def test_a_text_with_line_breaks_stays_one_event(feed: Feed) -> None:
    message = await stored(payload=b"a\n\nb\r\nc")
    async with listening(feed) as listener:
        feed.broadcast([message])
        assert (await listener.event())["text"] == "a\n\nb\r\nc"


async def test_a_new_stream_begins_now(feed: Feed) -> None:
    await stored()
    async with listening(feed) as listener:
        feed.broadcast([later := await stored()])
        assert await listener.ids(1) == [later["id"]]


async def test_a_resumed_stream_begins_ten_seconds_before_the_last_event(feed: Feed) -> None:
    await stored(id=id_of(80))
    before = await stored(id=id_of(65))
    last = await stored(id=id_of(60))
    after = await stored(id=id_of(1))
    async with listening(feed, last_id=UUID(last["id"])) as listener:
        assert await listener.ids(3) == [before["id"], last["id"], after["id"]]


async def test_what_happens_while_history_is_read_is_neither_lost_nor_told_twice(feed: Feed) -> None:
    last, missed = await stored(id=id_of(5)), await stored()
    async with listening(feed, last_id=UUID(last["id"])) as listener:
        feed.broadcast([missed, later := await stored()])
        assert await listener.ids(3) == [last["id"], missed["id"], later["id"]]


async def test_history_of_many_pages_comes_whole_and_in_order(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "PAGE", 3)
    ids = [(await stored())["id"] for _ in range(8)]
    async with listening(feed, last_id=UUID(ids[0])) as listener:
        assert await listener.ids(8) == ids


async def test_history_brings_readings_and_deliveries(feed: Feed) -> None:
    message = await stored()
    id = UUID(message["id"])
    now = datetime.now(UTC)
    reading = StoredReading(message_id=id, device="esp", metric="t", value=1.5, unit="°C", time=now)
    delivery = Delivery(created_at=now, message_id=id, source="s", kind="publish", target="b", payload=b"")
    await in_thread(reading.save)
    await in_thread(delivery.save)
    async with listening(feed, last_id=id) as listener:
        assert (await listener.event())["readings"] == [{"metric": "t", "value": 1.5, "unit": "°C"}]
        assert (await listener.event())["message"] == message["id"]


async def test_too_long_a_history_is_cut_and_says_so(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "PAGE", 2)
    monkeypatch.setattr(event_stream, "MOST_MISSED", 4)
    ids = [(await stored())["id"] for _ in range(6)]
    async with listening(feed, last_id=UUID(ids[0])) as listener:
        assert await listener.ids(4) == ids[:4]
        assert await listener.event() == {"kind": "skipped", "skipped": None}


async def test_a_listener_that_missed_something_gets_it_from_the_database(feed: Feed) -> None:
    async with listening(feed) as listener:
        feed.broadcast([first := await stored()])
        assert await listener.ids(1) == [first["id"]]
        missed = await stored()
        feed.begin_all_anew()
        assert await listener.ids(1) == [missed["id"]]


async def test_a_thinned_flood_says_how_much_was_left_out(feed: Feed) -> None:
    async with listening(feed) as listener:
        feed.broadcast([], 12)
        assert await listener.next() == 'event: skipped\ndata: {"kind":"skipped","skipped":12}'


async def test_silence_is_broken_by_a_heartbeat(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "HEARTBEAT_S", 0.05)
    async with listening(feed, {"source": "packets"}) as listener:
        feed.broadcast([await stored()])
        assert await listener.next() == ": still here"


@pytest.mark.parametrize(
    ("wanted", "fields"),
    [
        ({"device": "esp"}, {"device": "esp"}),
        ({"source": "packets"}, {"source": "packets"}),
        ({"topic": "x/y"}, {"topic": "x/y"}),
        ({"topic": "meter"}, {"topic_name": "meter"}),
        ({"key": "a.b"}, {"decoded": {"a": {"b": 1}}}),
        ({"key": "a", "value": "1.5"}, {"decoded": {"a": 1.5}}),
        ({"device": "esp", "key": "a"}, {"device": "esp", "decoded": {"a": 0}}),
    ],
)
async def test_filters_hold_for_history_and_for_what_happens(
    feed: Feed, wanted: dict[str, str], fields: dict[str, Any]
) -> None:
    missed, _ = await stored(**fields), await stored(decoded={"a": 2} if "value" in wanted else None)
    async with listening(feed, wanted, last_id=UUID(missed["id"])) as listener:
        feed.broadcast([await stored(), match := await stored(**fields)])
        assert await listener.ids(2) == [missed["id"], match["id"]]


async def test_with_a_filter_deliveries_are_those_of_the_messages_told(feed: Feed) -> None:
    other, match = await stored(), await stored(source="packets")
    async with listening(feed, {"source": "packets"}) as listener:
        feed.broadcast([other, match, delivery_of(other), delivery_of(None), first := delivery_of(match)])
        feed.broadcast([second := delivery_of(match)])
        assert await listener.ids(3) == [match["id"], first["id"], second["id"]]


@pytest.mark.parametrize(
    ("wanted", "is_told"),
    [
        ({}, True),
        ({"source": "device:scale"}, True),
        ({"device": "scale"}, True),
        ({"source": "broker:plant"}, False),
        ({"device": "esp"}, False),
        ({"source": "device:scale", "topic": "a"}, False),
        ({"key": "a"}, False),
    ],
)
def test_links_are_told_to_who_did_not_ask_for_something_else(wanted: dict[str, str], is_told: bool) -> None:
    assert bool(EventFilter(wanted).select([LINK], {})) is is_told


async def test_a_stream_whose_session_ended_ends(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_stream, "RECHECK_S", 0.02)
    monkeypatch.setattr(event_stream, "still_refused", lambda scope: 4401)
    async with listening(feed) as listener:
        assert [text async for text in listener.rest()][-1:] in ([], [": still here"])


async def test_a_listener_that_left_is_forgotten(feed: Feed) -> None:
    async with listening(feed):
        assert feed._subscriptions
    assert not feed._subscriptions


def answer_to(query: str = "", headers: dict[str, str] | None = None, *, is_known: bool = True) -> HttpResponseBase:
    request = AsyncRequestFactory().get(f"/api/v1/events{query}", headers=headers or {})
    if is_known:
        force_authenticate(request, User(username="ann", is_staff=True))
    response: Any = events(request)
    return response if response.streaming else response.render()  # type: ignore[no-any-return]


def test_the_stream_is_not_to_be_kept_or_held_back_by_proxies() -> None:
    answer = answer_to()
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert answer.headers["Cache-Control"] == "no-cache, no-transform"


def test_a_stranger_is_refused_with_a_problem() -> None:
    answer: Any = answer_to(headers={"accept": "text/event-stream"}, is_known=False)
    assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json")
    assert orjson.loads(answer.content)["code"] == "not_authenticated"


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("?colour=red", {}),
        ("?limit=5", {}),
        ("?value=5", {}),
        ("?last_event_id=5", {}),
        ("", {"last-event-id": "nonsense"}),
        ("", {"last-event-id": str(uuid4())}),
    ],
)
def test_a_wrong_parameter_is_refused(query: str, headers: dict[str, str]) -> None:
    answer: Any = answer_to(query, headers)
    assert answer.status_code == 400
    assert orjson.loads(answer.content)["code"] == "invalid"
