"""Runs what reads the database in a thread, so that the event loop is never held up."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections

Answer = TypeVar("Answer")


async def in_thread(call: Callable[[], Answer]) -> Answer:
    """What `call` answers; the thread keeps no connection."""
    return await sync_to_async(_with_own_connection, thread_sensitive=False)(call)


def _with_own_connection(call: Callable[[], Answer]) -> Answer:
    close_old_connections()
    try:
        return call()
    finally:
        close_old_connections()
