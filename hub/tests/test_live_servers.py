"""Live push end to end: a publisher, Redis, a real web process, and clients over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPResponse
from typing import Any, Literal

import orjson
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from redis import Redis
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from hub.access.models import ApiKey
from simulators.servers.redis import RedisServer
from simulators.servers.web import WebServer
from telemetry.live.events import message_event
from telemetry.live.publisher import LivePublisher
from telemetry.live.wire import Channels
from telemetry.models import Message
from telemetry.tests.live_support import wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
Kind = Literal["daphne", "uvicorn"]


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def publisher(redis: RedisServer) -> Iterator[LivePublisher]:
    publisher = LivePublisher(redis.url)
    yield publisher
    publisher.close()


@pytest.fixture(scope="module", params=["daphne", "uvicorn"])
def web(
    request: pytest.FixtureRequest, redis: RedisServer, tmp_path_factory: pytest.TempPathFactory, django_db_setup: None
) -> Iterator[WebServer]:
    kind: Kind = request.param
    environment = {
        "PATCHBAY_ENV_FILE": "/dev/null",
        "DJANGO_SETTINGS_MODULE": "hub.settings",
        "DATA_DIR": str(tmp_path_factory.mktemp("hub")),
        "DATABASE_URL": database_url(),
        "SECRET_KEY": settings.SECRET_KEY,
        "REDIS_URL": redis.url,
        "LOG_FILE": "-",
    }
    with WebServer(kind, environment) as server:
        yield server


@pytest.fixture
def cookie() -> str:
    client = Client()
    client.force_login(User.objects.create_user("ann", is_staff=True))
    return f"{settings.SESSION_COOKIE_NAME}={client.session.session_key}"


@pytest.fixture
def key() -> str:
    return f"Api-Key {ApiKey.objects.create_key(name='reader', scopes=['read'])[1]}"


def database_url() -> str:
    """The test database, as another process reaches it."""
    found = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{found['NAME']}"
    return (
        f"postgresql://{found['USER']}:{found['PASSWORD']}@/{found['NAME']}?host={found['HOST']}&port={found['PORT']}"
    )


def save_message(text: str) -> Message:
    return Message.objects.create(
        received_at=datetime.now(UTC), source="broker:plant", topic="a/b", payload=text.encode()
    )


def tell(publisher: LivePublisher, row: Message) -> None:
    """As a worker does after its commit."""
    event = message_event(row.id, row.received_at, source=row.source, topic=row.topic, payload=row.payload)
    publisher.publish([event])


async def frame_of(page: ClientConnection) -> dict[str, Any]:
    return dict(orjson.loads(await asyncio.wait_for(page.recv(), 10)))


def get_events(web: WebServer, **headers: str) -> HTTPResponse:
    wire = HTTPConnection("127.0.0.1", web.port, timeout=10)
    wire.request("GET", "/api/v1/events", headers=headers)
    return wire.getresponse()


@contextmanager
def stream(web: WebServer, key: str, last_id: str = "") -> Iterator[Iterator[dict[str, Any]]]:
    """The data of the events of one stream."""
    headers = {"Authorization": key, "Accept": "text/event-stream", "Last-Event-ID": last_id}
    with closing(get_events(web, **headers)) as answer:
        assert answer.status == 200, answer.read()
        assert answer.readline() == b"retry: 2000\n"
        yield (orjson.loads(line[6:]) for line in answer if line.startswith(b"data: "))


async def test_a_browser_sees_what_was_committed_before_and_after_it_connected(
    web: WebServer, publisher: LivePublisher, cookie: str
) -> None:
    before = await asyncio.to_thread(save_message, "before")
    headers = {"Cookie": cookie, "Origin": f"http://127.0.0.1:{web.port}"}
    async with connect(f"ws://127.0.0.1:{web.port}/ws/live/", additional_headers=headers) as page:
        snapshot = await frame_of(page)
        after = await asyncio.to_thread(save_message, "after")
        tell(publisher, after)
        frame = await frame_of(page)
        await page.send('{"type": "resync"}')
        again = await frame_of(page)
    assert [message["id"] for message in snapshot["messages"]] == [str(before.id)]
    assert (frame["seq"], frame["events"][0]["id"]) == (snapshot["seq"] + 1, str(after.id))
    assert again["type"] == "snapshot"


async def test_a_key_opens_the_socket_and_a_stranger_is_told_why_not(web: WebServer, key: str) -> None:
    url = f"ws://127.0.0.1:{web.port}/ws/live/"
    async with connect(url, additional_headers={"Authorization": key}) as page:
        assert (await frame_of(page))["type"] == "snapshot"
    async with connect(url) as page:
        with pytest.raises(ConnectionClosed) as closed:
            await page.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


async def test_a_page_of_another_site_cannot_use_the_cookie(web: WebServer, cookie: str) -> None:
    headers = {"Cookie": cookie, "Origin": "http://evil.example"}
    with pytest.raises(InvalidStatus):
        await connect(f"ws://127.0.0.1:{web.port}/ws/live/", additional_headers=headers)


def test_a_stream_resumes_where_it_was_cut(web: WebServer, publisher: LivePublisher, key: str) -> None:
    first = save_message("first")
    with stream(web, key) as events:
        second = save_message("second")
        tell(publisher, second)
        assert next(events)["id"] == str(second.id)
    missed = save_message("missed")
    tell(publisher, missed)
    with stream(web, key, last_id=str(second.id)) as events:
        ids = [next(events)["id"] for _ in range(3)]
        live = save_message("live")
        tell(publisher, live)
        ids.append(next(events)["id"])
    assert ids == [str(row.id) for row in (first, second, missed, live)]


def test_a_stream_needs_a_key(web: WebServer) -> None:
    with closing(get_events(web)) as answer:
        assert (answer.status, answer.headers["Content-Type"]) == (401, "application/problem+json")
        assert orjson.loads(answer.read())["code"] == "not_authenticated"


def test_a_client_that_leaves_is_noticed(web: WebServer, redis: RedisServer, key: str) -> None:
    with Redis.from_url(redis.url) as admin:
        channel = Channels.of(redis.url).live
        with stream(web, key):
            assert admin.pubsub_numsub(channel)[0][1] == 1
        wait_for(lambda: not admin.pubsub_numsub(channel)[0][1], "until nobody listens")
