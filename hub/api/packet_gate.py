"""The short way in for packets: `POST /api/v1/packets` with a key, without Django's request handling around it.

It answers as the view does, with the same functions, at a fraction of the cost. Whatever else comes goes on to Django.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import orjson
from django.db import close_old_connections
from rest_framework.exceptions import AuthenticationFailed, Throttled

from bridges.api.packets import check_content_type, take_in
from hub.access.authentication import SCHEME, key_in
from hub.access.known_keys import KnownKey
from hub.access.permissions import require_scope
from hub.access.throttling import address_in, hold_back_stranger, spend
from hub.problems import CONTENT_TYPE, problem_of, problem_shape
from telemetry.api.problems import Problem, busy, too_large
from telemetry.api.wire import MAX_BODY_BYTES

PATH = "/api/v1/packets"
THREADS = 64
"""A request holds a thread until its packets are committed; all that wait together are committed together."""
MOST_AT_ONCE = 256
RETRY_AFTER_S = 1

Message = Mapping[str, Any]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = dict[bytes, bytes]


class PacketGate:
    """An ASGI application that takes packets in and hands all else on."""

    def __init__(self, otherwise: Application) -> None:
        self._otherwise = otherwise
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="packets")
        self._at_once = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] != PATH:
            await self._otherwise(scope, receive, send)
            return
        headers: Headers = dict(scope["headers"])
        if b"origin" in headers:  # a page from elsewhere: Django's way knows whose pages may
            await self._otherwise(scope, receive, send)
            return
        if not headers.get(b"authorization", b"").lower().startswith(SCHEME.lower().encode() + b" "):
            await self._otherwise(scope, receive, send)  # a session, or nobody
            return
        self._at_once += 1
        try:
            status, answer, extra = await self._answer(headers, receive, peer=(scope.get("client") or ("",))[0])
        except ConnectionAbortedError:
            return
        finally:
            self._at_once -= 1
        await _send(send, status, answer, extra)

    async def _answer(self, headers: Headers, receive: Receive, *, peer: str) -> tuple[int, bytes, dict[str, str]]:
        rate: dict[str, str] = {}
        try:
            if self._at_once > MOST_AT_ONCE:
                raise busy("Too many packets are waiting.", RETRY_AFTER_S)
            body = await _read(headers, receive)
            loop = asyncio.get_running_loop()
            stored = await loop.run_in_executor(self._threads, partial(_take_in, headers, body, peer=peer, rate=rate))
        except ConnectionAbortedError:
            raise
        except Exception as error:  # noqa: BLE001 - as in any view: whatever it is, it is answered, and logged
            problem = problem_of(error, PATH)
            extra = rate | problem.headers | {"Content-Type": CONTENT_TYPE}
            return problem.status_code, orjson.dumps(problem_shape(problem)), extra
        return 201, orjson.dumps(stored), rate | {"Content-Type": "application/json"}


def _take_in(headers: Headers, body: bytes | None, *, peer: str, rate: dict[str, str]) -> dict[str, Any]:
    """What to answer; `rate` is given the headers that tell the caller's rate."""
    close_old_connections()
    try:
        key = _key_in(headers, peer)
        require_scope(key, "submit")
        is_allowed, wait_s, told = spend("submit", key.owner)
        rate.update(told)
        if not is_allowed:
            raise Throttled(wait_s)
        check_content_type(headers.get(b"content-type", b"").decode("latin-1"))
        if body is None:
            raise too_large(MAX_BODY_BYTES)
        return take_in(body, owner=key.owner, idempotency_key=headers.get(b"idempotency-key", b"").decode("latin-1"))
    finally:
        close_old_connections()


def _key_in(headers: Headers, peer: str) -> KnownKey:
    try:
        key = key_in(headers[b"authorization"].decode("latin-1"))
    except AuthenticationFailed:
        forwarded = headers.get(b"x-forwarded-for", b"").decode("latin-1")
        hold_back_stranger(address_in({"X-Forwarded-For": forwarded}, peer))
        raise
    if key is None:
        raise Problem(401, "not_authenticated", "No key was given.")
    return key


async def _read(headers: Headers, receive: Receive) -> bytes | None:
    """The body, None if it is too large; raises ConnectionAbortedError if the client left."""
    length = headers.get(b"content-length", b"")
    if length.isdigit() and int(length) > MAX_BODY_BYTES:
        return None
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionAbortedError
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(body)


async def _send(send: Send, status: int, body: bytes, headers: dict[str, str]) -> None:
    headers = headers | {"Content-Length": str(len(body)), "X-Content-Type-Options": "nosniff"}
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
