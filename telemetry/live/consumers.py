"""The WebSocket of a live page: sends the frames of the feed as they are, and answers `resync`.

Everything else that a page sends is ignored.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from random import uniform
from typing import Any

import orjson
from channels.generic.websocket import AsyncWebsocketConsumer

from telemetry.live.access import RECHECK_S, refusal, still_refused
from telemetry.live.feed import current_feed
from telemetry.live.subscription import Subscription
from telemetry.live.threads import in_thread

logger = logging.getLogger(__name__)

LONGEST_INPUT = 1_000  # characters
INTERNAL_ERROR = 1011


class LiveConsumer(AsyncWebsocketConsumer):  # type: ignore[misc] # channels has no types
    """One open page."""

    channel_layer_alias = ""
    """None: the feed reads Redis once for all pages of the process."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._subscription: Subscription | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def connect(self) -> None:
        """Accept first: only then does the browser learn the close code."""
        code = await in_thread(partial(refusal, self.scope))
        await self.accept()
        if code is not None:
            await self.close(code)
            return
        self._tasks = [asyncio.create_task(self._push()), asyncio.create_task(self._watch_access())]

    async def disconnect(self, code: int) -> None:
        """The page is gone: leave the feed."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """The page asks for a new snapshot, or says something that is ignored."""
        if text_data is None or len(text_data) > LONGEST_INPUT or self._subscription is None:
            return
        with suppress(orjson.JSONDecodeError):
            asked = orjson.loads(text_data)
            if isinstance(asked, dict) and asked.get("type") == "resync":
                self._subscription.spoil()

    async def _push(self) -> None:
        try:
            await self._push_frames()
        except OSError as fault:  # the server's word for a page that is gone
            logger.debug("a live page is gone: %s", fault)
        except Exception:
            logger.exception("a live page is closed because of a fault")
            await self.close(INTERNAL_ERROR)

    async def _push_frames(self) -> None:
        feed = current_feed()
        async with feed.subscribe() as subscription:
            self._subscription = subscription
            await self.send((await feed.begin(subscription)).text)
            while True:
                frame = await subscription.next() or await feed.begin(subscription)
                await self.send(frame.text)

    async def _watch_access(self) -> None:
        while True:
            await asyncio.sleep(uniform(0.75, 1.0) * RECHECK_S)
            code = await in_thread(partial(still_refused, self.scope))
            if code is not None:
                await self.close(code)
                return
