"""What the feed hands to one reader: frames in order, within bounds, or the word that it must begin anew. No I/O."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from telemetry.live.events import Event

FRAMES = 256


@dataclass(frozen=True, slots=True)
class Frame:
    """One batch with this process's own number. `text` is the frame as browsers get it, encoded once."""

    seq: int
    text: str
    events: list[Event]
    skipped: int


class Subscription:
    """One reader's bounded queue. Used on the event loop only."""

    def __init__(self, size: int = FRAMES) -> None:
        self._size = size
        self._frames: deque[Frame] = deque()
        self._is_stale = False
        self._ready = asyncio.Event()

    def put(self, frame: Frame) -> None:
        """Queue a frame; a reader that has fallen behind this far has to begin anew."""
        if self._is_stale:
            return
        if len(self._frames) >= self._size:
            self.spoil()
            return
        self._frames.append(frame)
        self._ready.set()

    def spoil(self) -> None:
        """The reader has to begin anew: what it was to get is not all there."""
        self._frames.clear()
        self._is_stale = True
        self._ready.set()

    def begin(self, frames: Iterable[Frame] = ()) -> None:
        """Begin anew with these frames."""
        self._frames = deque(frames)
        self._is_stale = False
        if self._frames:
            self._ready.set()

    async def next(self) -> Frame | None:
        """The next frame, or None when the reader has to begin anew."""
        while not self._is_stale and not self._frames:
            self._ready.clear()
            await self._ready.wait()
        return None if self._is_stale else self._frames.popleft()
