"""The worker as its transit links see it. Implements `bridges.transit.around.Around`; every method is thread-safe."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from bridges.pipeline.committer import Committer
from bridges.pipeline.memory import Memory
from bridges.pipeline.snapshot import Snapshot
from telemetry.links import Link, LinkReport
from telemetry.recording.batch import Batch
from telemetry.values import Outcome

if TYPE_CHECKING:
    from bridges.runtime.host import WorkerHost


class WorkerAround:
    """`link_of` answers a link that this worker holds; `lose` is told of links that another one has taken."""

    def __init__(
        self,
        holder: str,
        *,
        committer: Committer,
        host: WorkerHost,
        link_of: Callable[[str], Link | None],
        lose: Callable[[frozenset[str]], None],
    ) -> None:
        self.holder = holder
        self.lose = lose
        self.device_link = link_of
        self._committer = committer
        self._host = host

    @property
    def echoes(self) -> Memory:
        return self._committer.memory

    def snapshot(self) -> Snapshot:
        return self._committer.snapshot

    def token(self, key: str) -> int | None:
        return self._committer.tokens.get(key)

    def divert(self, ids: Collection[UUID], to: Callable[[Sequence[Outcome]], None]) -> None:
        self._host.divert(ids, to)

    def report(self, report: LinkReport) -> None:
        self._host.report(report)

    def adopt(self, batch: Batch) -> None:
        self._committer.inbox.call(partial(self._committer.handover.adopt, batch))
