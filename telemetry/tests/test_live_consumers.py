"""The WebSocket of a live page: who may open it, what it sends, when it closes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import orjson
import pytest
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client

from simulators.servers.redis import RedisServer
from telemetry.live import access, consumers, feed
from telemetry.live.events import config_event
from telemetry.live.publisher import LivePublisher
from telemetry.live.routing import websocket_urlpatterns
from telemetry.live.threads import in_thread
from telemetry.tests.live_support import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture(autouse=True)
def _redis(server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", server.url)


@pytest.fixture
def publisher(server: RedisServer) -> Iterator[LivePublisher]:
    publisher = LivePublisher(server.url)
    yield publisher
    publisher.close()


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(User.objects.create_user("ann", is_staff=True))
    return client


def cookie_of(client: Client) -> tuple[bytes, bytes]:
    return b"cookie", f"{settings.SESSION_COOKIE_NAME}={client.session.session_key}".encode()


@asynccontextmanager
async def page(*headers: tuple[bytes, bytes]) -> AsyncIterator[WebsocketCommunicator]:
    communicator = WebsocketCommunicator(URLRouter(websocket_urlpatterns), "/ws/live/", headers=list(headers))
    is_open, _ = await communicator.connect(timeout=10)
    assert is_open
    yield communicator
    await communicator.disconnect()


async def frame_of(communicator: WebsocketCommunicator) -> dict[str, Any]:
    return dict(orjson.loads(await communicator.receive_from(timeout=10)))


async def close_code_of(communicator: WebsocketCommunicator) -> int:
    output = await communicator.receive_output(timeout=10)
    assert output["type"] == "websocket.close"
    return int(output["code"])


async def test_a_page_gets_a_snapshot_and_then_events(client: Client, publisher: LivePublisher) -> None:
    async with page(await in_thread(partial(cookie_of, client))) as communicator:
        snapshot = await frame_of(communicator)
        publisher.publish([config_event(9)])
        events = await frame_of(communicator)
    assert snapshot["type"] == "snapshot"
    lists = {"links", "devices", "messages", "writes", "alerts", "meters"}
    assert set(snapshot) == {"type", "seq", "at", "config", "demo"} | lists
    assert events == {"type": "events", "seq": snapshot["seq"] + 1, "skipped": 0, "events": [config_event(9)]}


async def test_resync_brings_a_new_snapshot(client: Client) -> None:
    async with page(await in_thread(partial(cookie_of, client))) as communicator:
        await frame_of(communicator)
        await communicator.send_to(text_data='{"type": "resync"}')
        assert (await frame_of(communicator))["type"] == "snapshot"


async def test_a_page_that_was_told_of_a_new_configuration_gets_a_snapshot_that_knows_it(client: Client) -> None:
    async with page(await in_thread(partial(cookie_of, client))) as communicator:
        first = await frame_of(communicator)
        feed.current_feed().broadcast([config_event(2)])
        await frame_of(communicator)
        await communicator.send_to(text_data='{"type": "resync"}')
        second = await frame_of(communicator)
    assert (second["type"], second["seq"]) == ("snapshot", first["seq"] + 1)


@pytest.mark.parametrize("text", [" ", "nonsense", "[]", "{}", '{"type": "other"}', "x" * 2000, '{"type":' * 100])
async def test_other_input_is_ignored(client: Client, publisher: LivePublisher, text: str) -> None:
    async with page(await in_thread(partial(cookie_of, client))) as communicator:
        await frame_of(communicator)
        await communicator.send_to(text_data=text)
        await communicator.send_to(bytes_data=b"\xff")
        publisher.publish([config_event(1)])
        assert (await frame_of(communicator))["type"] == "events"


async def test_without_a_session_it_is_closed_with_4401() -> None:
    async with page() as communicator:
        assert await close_code_of(communicator) == 4401


async def test_an_invented_session_is_closed_with_4401() -> None:
    async with page((b"cookie", f"{settings.SESSION_COOKIE_NAME}=abc".encode())) as communicator:
        assert await close_code_of(communicator) == 4401


async def test_an_unknown_key_is_closed_with_4401() -> None:
    async with page((b"authorization", b"Api-Key abcdefgh.12345678901234567890123456789012")) as communicator:
        assert await close_code_of(communicator) == 4401


async def test_logging_out_closes_the_page(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumers, "RECHECK_S", 0.05)
    async with page(await in_thread(partial(cookie_of, client))) as communicator:
        await frame_of(communicator)
        await in_thread(client.logout)
        assert await close_code_of(communicator) == 4401


async def test_a_database_that_is_away_closes_no_page(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(scope: object) -> None:
        asked.append(scope)
        raise OperationalError("gone")

    asked: list[object] = []
    monkeypatch.setattr(consumers, "RECHECK_S", 0.02)
    async with page(await in_thread(partial(cookie_of, client))) as communicator:
        await frame_of(communicator)
        monkeypatch.setattr(access, "admit", refused)
        await wait_until(lambda: len(asked) > 2, "until it was asked again")
        assert await communicator.receive_nothing(timeout=0.05)


async def test_a_page_that_left_is_forgotten(client: Client) -> None:
    async with page(await in_thread(partial(cookie_of, client))) as communicator:
        await frame_of(communicator)
        assert len(feed.current_feed()._subscriptions) == 1
    assert not feed.current_feed()._subscriptions
    assert not feed.current_feed()._tasks
