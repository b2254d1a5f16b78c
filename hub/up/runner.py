"""Runs parts in order, restarts and names the one that crashed, and ends them all in reverse order."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event

from hub.up.parts import Child, Part
from telemetry.backoff import Backoff

Say = Callable[[str], None]
_POLL_S = 0.2
_STEADY_S = 30.0


class PartFailed(Exception):
    """A part did not come up. The text names it, with its last words."""


class Runner:
    """The running parts. `say` takes one line for the person at the terminal."""

    def __init__(self, logs: Path, say: Say) -> None:
        self._logs = logs
        self._say = say
        self._children: list[Child] = []
        self._backoffs: dict[str, Backoff] = {}
        self._started_at: dict[str, float] = {}
        self._due: dict[str, float] = {}
        self.stopping = Event()

    def start(self, parts: Sequence[Part]) -> None:
        """Start these and wait until each is ready; raises PartFailed."""
        for part in parts:
            child = Child(part, self._logs / f"{part.name}.log")
            self._children.append(child)
            self._backoffs[part.name] = Backoff(0.5, 30.0)
            self._start(child)
        for child in self._children[-len(parts) :] if parts else []:
            self._wait_until_ready(child)

    def watch(self) -> None:
        """Restart what crashes, until told to stop."""
        while not self.stopping.wait(_POLL_S):
            for child in self._children:
                if child.exit_code is not None:
                    self._look_after(child)

    def stop(self) -> None:
        """End everything, the last started first."""
        self.stopping.set()
        for child in reversed(self._children):
            child.ask_to_end()
            if not child.wait():
                self._say(f"{child.part.name} did not end in time and was killed")
        self._children.clear()

    @property
    def pids(self) -> dict[str, int]:
        """The process ids of the running parts, by name."""
        return {child.part.name: child.pid for child in self._children if child.pid and child.exit_code is None}

    def _start(self, child: Child) -> None:
        child.start()
        self._started_at[child.part.name] = time.monotonic()

    def _wait_until_ready(self, child: Child) -> None:
        deadline = time.monotonic() + child.part.ready_within_s
        while not child.part.is_ready():
            if self.stopping.is_set():
                return
            if child.exit_code is not None:
                raise PartFailed(f"{child.part.name} ended with code {child.exit_code}.\n{child.last_words()}")
            if time.monotonic() > deadline:
                raise PartFailed(f"{child.part.name} is not ready after {child.part.ready_within_s:g} s.")
            self.stopping.wait(_POLL_S / 4)

    def _look_after(self, child: Child) -> None:
        """A crashed part comes back: at once the first time, then with growing pauses."""
        name, now = child.part.name, time.monotonic()
        if name not in self._due:
            if now - self._started_at[name] > _STEADY_S:
                self._backoffs[name].reset()
            delay_s = self._backoffs[name].next_delay_s()
            self._due[name] = now + delay_s
            self._say(f"{name} crashed (exit code {child.exit_code}); it is restarted. Its output: {child.log}")
        elif now >= self._due[name]:
            del self._due[name]
            self._start(child)
