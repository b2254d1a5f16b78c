"""Where the news of a commit go: events to the live pages, wake-ups to the couriers of links and of tasks.

Every live event of a process passes through here. It must never hold up whoever commits, and never raise.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from bridges.couriers.task_sender import TaskSender, is_task_target
from bridges.pipeline.snapshot import BATCH_PREFIX
from telemetry.live.events import Event


class Announcer(Protocol):
    """Where news go. Never blocks, never raises."""

    def publish(self, events: Sequence[Event], skipped: int = 0) -> None: ...

    def wake(self, targets: Collection[str]) -> None: ...


class Silence:
    """Announces nothing: for tests and measurements of the data path alone."""

    def publish(self, events: Sequence[Event], skipped: int = 0) -> None: ...

    def wake(self, targets: Collection[str]) -> None: ...


class News:
    """The announcer of a process: the live push over Redis, with a way to the tasks of Celery beside it."""

    def __init__(self, push: Announcer, tasks: TaskSender | None = None) -> None:
        self._push = push
        self.tasks = tasks or TaskSender()

    def publish(self, events: Sequence[Event], skipped: int = 0) -> None:
        """Tell the pages."""
        self._push.publish(events, skipped)

    def wake(self, targets: Collection[str]) -> None:
        """Wake the couriers of these targets, wherever they are. A batch rule has its own clock."""
        by_task = {target for target in targets if is_task_target(target)}
        by_link = {target for target in targets if not target.startswith(BATCH_PREFIX)} - by_task
        if by_task:
            self.tasks.send(by_task)
        if by_link:
            self._push.wake(by_link)
