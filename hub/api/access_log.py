"""One line of log for each request, and one when a stream or a live page opens and closes. The query is left out:
it may hold what a person typed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote

from django.conf import settings

from hub.reporting import report_this_process
from telemetry.models import ProcessStatus

log = logging.getLogger("hub.access_log")
LEVELS = {"DEBUG": logging.DEBUG, "INFO": logging.INFO}
LONGEST_PATH = 300
STREAM_PATH = "/api/v1/events"
EVENT_STREAM = b"text/event-stream"

Message = Mapping[str, Any]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class AccessLog:
    """The outermost ASGI application. It also lets the web process report itself, from its first request on."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._application(scope, receive, send)
            return
        report_this_process(ProcessStatus.Role.WEB)
        level = LEVELS.get(settings.PATCHBAY_LOG_ACCESS)
        if level is not None and (scope["type"] == "websocket" or scope["path"] == STREAM_PATH):
            level = logging.INFO
        if level is None or not log.isEnabledFor(level):
            await self._application(scope, receive, send)
            return
        line = _Line(scope, level)
        try:
            await self._application(scope, receive, line.watching(send))
        finally:
            line.end()


class _Line:
    def __init__(self, scope: Scope, level: int) -> None:
        self._level = level
        self._started_at = time.perf_counter()
        self._status = 0
        self._is_stream = scope["type"] == "websocket"
        self._what = f"{scope.get('method', 'WEBSOCKET')} {_path_of(scope)}"
        self._client = (scope.get("client") or ("",))[0]
        if self._is_stream:
            self._say_opened()

    def watching(self, send: Send) -> Send:
        """`send`, noting how it was answered."""

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._status = message["status"]
                kinds = [value for name, value in message.get("headers", ()) if name.lower() == b"content-type"]
                if any(kind.startswith(EVENT_STREAM) for kind in kinds) and self._status == 200:
                    self._is_stream, self._level = True, logging.INFO
                    self._say_opened()
            elif message["type"] == "websocket.close":
                self._status = message.get("code", 1000)
            await send(message)

        return watch

    def end(self) -> None:
        """The connection ended, whichever way."""
        took_ms = round((time.perf_counter() - self._started_at) * 1000, 1)
        log.log(
            self._level,
            "%s %s",
            self._what,
            "closed" if self._is_stream else self._status or "aborted",
            extra={"ms": took_ms, "client": self._client} | ({"code": self._status} if self._is_stream else {}),
        )

    def _say_opened(self) -> None:
        log.info("%s opened", self._what, extra={"client": self._client})


def _path_of(scope: Scope) -> str:
    """As it was sent: no line break can be smuggled into the log."""
    raw = scope.get("raw_path")
    path = raw.partition(b"?")[0].decode("ascii", "replace") if raw else quote(scope["path"])
    return path[:LONGEST_PATH]
