"""What a transit link may ask of the worker around it. Its threads touch nothing of the worker but through this."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol
from uuid import UUID

from bridges.pipeline.memory import Memory
from bridges.pipeline.snapshot import Snapshot
from telemetry.links import Link, LinkReport
from telemetry.recording.batch import Batch
from telemetry.values import Outcome


class Around(Protocol):
    """The worker, as a transit link sees it. Every method is thread-safe and quick."""

    @property
    def holder(self) -> str:
        """The name of the worker, for its commits."""
        ...

    @property
    def echoes(self) -> Memory:
        """What this process published lately to brokers whose protocol carries no marks."""
        ...

    def snapshot(self) -> Snapshot:
        """The configuration now."""
        ...

    def token(self, key: str) -> int | None:
        """The fencing token of a link's lease; None if this worker does not hold it."""
        ...

    def device_link(self, key: str) -> Link | None:
        """A serial link that this worker holds."""
        ...

    def divert(self, ids: Collection[UUID], to: Callable[[Sequence[Outcome]], None]) -> None:
        """What becomes of these is no matter of the outbox: tell it there."""
        ...

    def report(self, report: LinkReport) -> None:
        """Hand in how the transit link stands."""
        ...

    def adopt(self, batch: Batch) -> None:
        """This was committed: tell the pages."""
        ...

    def lose(self, links: frozenset[str]) -> None:
        """Another worker holds these links."""
        ...
