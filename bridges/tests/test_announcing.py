"""Which way news go: events to the pages, each wake-up to where its courier is."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bridges.announcing import News, Silence
from bridges.couriers.task_sender import TaskSender, is_task_target
from telemetry.live.events import Event


class Push(Silence):
    """Notes what it is told."""

    def __init__(self) -> None:
        self.said: list[tuple[Sequence[Event], int]] = []
        self.woken: list[str] = []

    def publish(self, events: Sequence[Event], skipped: int = 0) -> None:
        self.said.append((events, skipped))

    def wake(self, targets: Collection[str]) -> None:
        self.woken += sorted(targets)


class Tasks(TaskSender):
    """Notes what it is asked to send."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []

    def send(self, targets: Collection[str]) -> None:
        self.sent += sorted(targets)


def test_a_wake_up_goes_where_the_courier_is() -> None:
    push, tasks = Push(), Tasks()
    News(push, tasks).wake(["broker:plant", "webhook:heat", "rule:heat", "config"])
    assert (push.woken, tasks.sent) == (["broker:plant", "config"], ["webhook:heat"])


def test_a_batch_rule_is_woken_by_its_own_clock() -> None:
    push, tasks = Push(), Tasks()
    News(push, tasks).wake(["rule:heat"])
    assert (push.woken, tasks.sent) == ([], [])


def test_events_go_to_the_pages_with_the_number_of_those_left_out() -> None:
    push = Push()
    News(push, Tasks()).publish([{"type": "link"}], 3)
    assert push.said == [([{"type": "link"}], 3)]


def test_tasks_carry_what_their_kind_of_action_begins() -> None:
    assert [is_task_target(target) for target in ("notify:x", "events", "webhooks:x")] == [True, False, False]
