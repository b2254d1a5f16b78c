"""Django's request handling under ASGI with fewer threads and fewer changes between them.

Django starts a thread for every request, and its middleware changes into it and back for each of its halves: a dozen
times. Measured with 16 requests at once, nine tenths of a small request went there. So the stack is built as for WSGI
and entered once, and the threads are kept, with the database connections in them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import django
from asgiref.sync import AsyncToSync, ThreadSensitiveContext, sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.db import DEFAULT_DB_ALIAS, connections

KEPT_THREADS = 16
"""So many wait for the next request: each keeps a connection to the database."""

_idle: deque[ThreadPoolExecutor] = deque()


@asynccontextmanager
async def borrowed_thread() -> AsyncIterator[None]:
    """Within this, whatever must run in one thread runs in one that was kept, or in a new one."""
    thread = _idle.pop() if _idle else ThreadPoolExecutor(1, "request", initializer=_keep_connection)
    try:
        async with ThreadSensitiveContext(executor=thread):
            yield
    finally:
        if len(_idle) < KEPT_THREADS:
            _idle.append(thread)
        else:
            thread.submit(connections.close_all)
            thread.shutdown(wait=False)


def _keep_connection() -> None:
    """Let this thread's connection outlive a request; elsewhere each closes with its request."""
    connection = connections[DEFAULT_DB_ALIAS]
    connection.settings_dict = {**connection.settings_dict, "CONN_MAX_AGE": settings.PATCHBAY_KEEP_CONNECTIONS_S}


class RequestHandler(ASGIHandler):
    """An ASGI handler whose middleware runs synchronously, together with the view, in a thread that is kept."""

    async def __call__(
        self, scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise ValueError(f"Django can only handle ASGI/HTTP connections, not {scope['type']}.")
        async with borrowed_thread():
            await self.handle(scope, receive, send)

    def load_middleware(self, is_async: bool = False) -> None:
        """Build the stack. Only what must be asynchronous (static files) stays in front of it."""
        super().load_middleware(is_async=False)
        chain: Any = self._middleware_chain  # type: ignore[has-type]
        # With an asynchronous front, Django wraps it once more, for a synchronous caller.
        is_wrapped = isinstance(chain, AsyncToSync)
        self._middleware_chain = chain.awaitable if is_wrapped else sync_to_async(chain, thread_sensitive=True)


def request_application() -> RequestHandler:
    """As `django.core.asgi.get_asgi_application`."""
    django.setup(set_prefix=False)
    return RequestHandler()
