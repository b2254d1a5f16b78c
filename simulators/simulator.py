"""What every simulator shares: a thread that starts and stops cleanly, and a bounded record of what it was sent."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from threading import Condition, Event, Thread
from types import TracebackType
from typing import Self

RECORDED_BYTES = 1_000_000
RUNS = "runs"


class Simulator(ABC):
    """One device that is not there. Use it as a context manager, or call `start` and `stop`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.stopping = Event()
        self._thread = Thread(target=self.run, name=f"simulated {name}", daemon=True)

    @property
    def standing(self) -> str:
        """`runs`, or why it does not; '' while that is not known yet."""
        return RUNS

    @abstractmethod
    def run(self) -> None:
        """Behave like the device until `stopping` is set. Runs in the simulator's own thread."""

    def start(self) -> None:
        """Start behaving."""
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """Stop and wait for the thread."""
        self.stopping.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


class Record:
    """The bytes that a device was sent, of which only the last million is kept, and a way to wait for them."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._changed = Condition()

    def add(self, data: bytes) -> None:
        """Keep these too."""
        with self._changed:
            self._data += data
            del self._data[:-RECORDED_BYTES]
            self._changed.notify_all()

    @property
    def data(self) -> bytes:
        """All that is kept."""
        with self._changed:
            return bytes(self._data)

    def clear(self) -> None:
        """Forget all."""
        with self._changed:
            self._data.clear()

    def wait(self, condition: Callable[[bytes], object], timeout_s: float = 5.0) -> bool:
        """Whether the condition on the kept bytes came true in time."""
        with self._changed:
            return bool(self._changed.wait_for(lambda: condition(bytes(self._data)), timeout_s))
