"""What other threads want of a link's thread, and the wire that wakes it. It decides nothing."""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from bridges.mqtt.settings import Subscription
from telemetry.values import Arrival, Outgoing


class Mailbox:
    """Filled by any thread, emptied by the link's. What waits in it is bounded by inbox and window."""

    def __init__(self) -> None:
        self.is_stopping = False
        self.acknowledged: deque[Sequence[Arrival]] = deque()
        self._subscriptions: tuple[Subscription, ...] | None = None
        self._items: deque[Outgoing] = deque()
        self._is_open = False
        self._lock = threading.Lock()
        self._is_woken = False
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    def fileno(self) -> int:
        """Readable as soon as there is something new."""
        return self._reader.fileno()

    def wake(self) -> None:
        """Wake the link's thread; many calls before it looks cost one write."""
        if not self._is_woken:
            self._is_woken = True
            with suppress(OSError):  # full, or closed because the thread has ended
                self._writer.send(b"\0")

    def notice(self) -> None:
        """The thread is awake; to be called before it looks into the box."""
        with suppress(BlockingIOError):
            self._reader.recv(4096)
        self._is_woken = False

    def close(self) -> None:
        """The thread ends."""
        self._reader.close()
        self._writer.close()

    def post(self, items: Sequence[Outgoing]) -> bool:
        """Hand in Outgoings; False if there is no connection to carry them."""
        with self._lock:
            if not self._is_open:
                return False
            self._items.extend(items)
        self.wake()
        return True

    def open(self) -> None:
        """A connection stands: Outgoings are welcome."""
        with self._lock:
            self._is_open = True

    def shut(self) -> list[Outgoing]:
        """Outgoings are not welcome any more; answers those that nobody has taken yet."""
        with self._lock:
            self._is_open = False
            return self._take_all()

    def take_items(self) -> list[Outgoing]:
        """The Outgoings that were posted."""
        if not self._items:
            return []
        with self._lock:
            return self._take_all()

    def _take_all(self) -> list[Outgoing]:
        items = list(self._items)
        self._items.clear()
        return items

    def post_subscriptions(self, subscriptions: Sequence[Subscription]) -> None:
        """Hand in what is to be subscribed from now on."""
        with self._lock:
            self._subscriptions = tuple(subscriptions)
        self.wake()

    def take_subscriptions(self) -> tuple[Subscription, ...] | None:
        """The newest subscriptions, if they were changed."""
        with self._lock:
            subscriptions, self._subscriptions = self._subscriptions, None
        return subscriptions
