"""What a process measures of itself: its inboxes and its commits. Pure counting; cheap enough for the data path."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sized
from dataclasses import dataclass
from weakref import WeakSet

_LATEST = 200


@dataclass(frozen=True, slots=True)
class Gauged:
    """The gauges at one moment. Times are in seconds, None before the first commit."""

    inbox: int
    batches: int
    batch_p50_s: float | None
    batch_p95_s: float | None


class Gauges:
    """The gauges of one process. Every method is thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inboxes: WeakSet[Sized] = WeakSet()
        self._times: deque[float] = deque(maxlen=_LATEST)
        self._batches = 0

    def watch_inbox(self, inbox: Sized) -> None:
        """Count what waits in this inbox for as long as it lives."""
        with self._lock:
            self._inboxes.add(inbox)

    def note_commit(self, seconds: float) -> None:
        """One batch was committed in this time."""
        with self._lock:
            self._batches += 1
            self._times.append(seconds)

    def read(self) -> Gauged:
        """The gauges now; the times are those of the latest 200 commits."""
        with self._lock:
            times, batches = sorted(self._times), self._batches
            waiting = sum(len(inbox) for inbox in self._inboxes)
        return Gauged(waiting, batches, _quantile(times, 0.5), _quantile(times, 0.95))


def _quantile(ordered: list[float], share: float) -> float | None:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else None


gauges = Gauges()
"""Those of this process."""
