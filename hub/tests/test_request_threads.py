"""Requests run in threads that are kept, through one synchronous stack."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.test import override_settings
from django.urls import path

from hub import request_threads
from hub.request_threads import KEPT_THREADS, RequestHandler, borrowed_thread

seen: list[str] = []


def note_thread(get_response: Any) -> Any:
    def middleware(request: HttpRequest) -> HttpResponseBase:
        seen.append(threading.current_thread().name)
        response: HttpResponseBase = get_response(request)
        return response

    return middleware


def plain(request: HttpRequest) -> HttpResponse:
    seen.append(threading.current_thread().name)
    return HttpResponse(b"plain")


async def awaiting(request: HttpRequest) -> HttpResponse:
    await asyncio.sleep(0)
    return HttpResponse(b"awaited")


def streaming(request: HttpRequest) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[bytes]:
        for number in range(3):
            await asyncio.sleep(0)
            yield b"%d" % number

    return StreamingHttpResponse(parts())


urlpatterns = [path("plain", plain), path("awaiting", awaiting), path("streaming", streaming)]


@pytest.fixture(autouse=True)
def stack() -> Any:
    seen.clear()
    kept = [f"{__name__}.note_thread", "django.middleware.common.CommonMiddleware", f"{__name__}.note_thread"]
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=kept):
        yield
    request_threads._idle.clear()


async def get(handler: RequestHandler, where: str) -> bytes:
    scope = {"type": "http", "method": "GET", "path": f"/{where}", "headers": [(b"host", b"localhost")]}
    communicator: Any = ApplicationCommunicator(handler, scope)  # type: ignore[no-untyped-call]
    await communicator.send_input({"type": "http.request", "body": b""})
    assert (await communicator.receive_output(5))["status"] == 200
    body = b""
    while True:
        part = await communicator.receive_output(5)
        body += bytes(part.get("body", b""))
        if not part.get("more_body"):
            await communicator.wait()
            return body


async def test_middleware_and_view_run_in_one_thread() -> None:
    assert await get(RequestHandler(), "plain") == b"plain"
    assert len(seen) == 3
    assert len(set(seen)) == 1
    assert seen[0].startswith("request")


async def test_the_next_request_runs_in_the_same_thread() -> None:
    handler = RequestHandler()
    for _ in range(3):
        await get(handler, "plain")
    assert len(set(seen)) == 1


async def test_requests_at_once_run_in_threads_of_their_own() -> None:
    handler = RequestHandler()
    barrier = threading.Barrier(3, timeout=5)

    def together(request: HttpRequest) -> HttpResponse:
        barrier.wait()
        return HttpResponse(b"met")

    urlpatterns.append(path("together", together))
    try:
        assert await asyncio.gather(*(get(handler, "together") for _ in range(3))) == [b"met"] * 3
    finally:
        urlpatterns.pop()


async def test_asynchronous_views_and_streams_are_answered() -> None:
    handler = RequestHandler()
    assert await get(handler, "awaiting") == b"awaited"
    assert await get(handler, "streaming") == b"012"


async def test_an_asynchronous_middleware_in_front_stays_asynchronous() -> None:
    with override_settings(MIDDLEWARE=["servestatic.middleware.ServeStaticMiddleware", f"{__name__}.note_thread"]):
        assert await get(RequestHandler(), "plain") == b"plain"


async def test_no_more_threads_are_kept_than_allowed() -> None:
    async def borrow(ready: asyncio.Barrier) -> None:
        async with borrowed_thread():
            await ready.wait()

    count = KEPT_THREADS + 3
    ready = asyncio.Barrier(count)
    await asyncio.gather(*(borrow(ready) for _ in range(count)))
    assert len(request_threads._idle) == KEPT_THREADS


async def test_a_kept_thread_keeps_its_connection_as_long_as_the_settings_say() -> None:
    with override_settings(PATCHBAY_KEEP_CONNECTIONS_S=7):
        async with borrowed_thread():
            assert await sync_to_async(lambda: connection.settings_dict["CONN_MAX_AGE"])() == 7
    with ThreadPoolExecutor(1) as other:
        assert other.submit(lambda: connection.settings_dict["CONN_MAX_AGE"]).result() == 0
