"""What tasks carry: in order, until the target is away, tried again later, settled with the answer kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.models import F
from pytest_django import Settings

from bridges import tasks
from bridges.actions.base import Task
from bridges.actions.webhook import WebhookAction
from bridges.couriers import waiting
from bridges.couriers.task_sender import TaskSender
from bridges.intake import stop_intake
from bridges.models import Rule, RuleAction
from bridges.requested_deliveries import redrive
from bridges.tests.http_receiver import Receiver, running_receiver
from bridges.tests.test_committer import wait_for
from telemetry.ids import new_id, time_of
from telemetry.models import Delivery, Lease, LedgerEntry, TargetState
from telemetry.recording.outcomes import conclude

pytestmark = pytest.mark.django_db(transaction=True)
TARGET = "webhook:heat"


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What would have been sent to Celery."""
    found: list[str] = []
    monkeypatch.setattr(TaskSender, "send", lambda self, targets: found.extend(targets))
    yield found
    tasks._stopping.clear()
    connection.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running_receiver() as found:
        yield found


@pytest.fixture
def action(receiver: Receiver) -> RuleAction:
    rule = Rule.objects.create(name="heat")
    return RuleAction.objects.create(
        rule=rule, kind="webhook", options={"url": f"{receiver.url}/a", "allow_internal": True, "timeout": 5.0}
    )


def deliver(*payloads: bytes, target: str = TARGET, **fields: Any) -> list[Delivery]:
    rows = []
    for payload in payloads:
        id = new_id()
        kind = target.partition(":")[0]
        values = {"source": "broker:plant", "rule": "heat", "kind": kind, "target": target, "payload": payload}
        rows.append(Delivery.objects.create(id=id, created_at=time_of(id), **(values | fields)))
    return rows


def states(target: str = TARGET) -> list[str]:
    return list(Delivery.objects.filter(target=target).order_by("id").values_list("state", flat=True))


def bodies(receiver: Receiver) -> list[bytes]:
    return [request.body for request in receiver.received]


def test_what_waits_is_carried_in_order_and_the_answer_is_kept(action: RuleAction, receiver: Receiver) -> None:
    deliver(b"1", b"2", b"3")
    tasks.drain(TARGET)
    assert (bodies(receiver), states()) == ([b"1", b"2", b"3"], ["delivered"] * 3)
    row = Delivery.objects.order_by("id")[0]
    assert row.result is not None
    assert (row.result["status"], row.result["body"]) == (200, "thanks")
    assert row.done_at is not None
    assert LedgerEntry.objects.get(link=TARGET).delivered == 3
    assert Lease.objects.get(key=f"drain:{TARGET}").owner == ""


def test_what_comes_while_it_works_is_carried_too(action: RuleAction, receiver: Receiver) -> None:
    deliver(b"1")
    more = iter([b"2", b"3"])

    def bring_more(handler: BaseHTTPRequestHandler) -> None:
        if (payload := next(more, None)) is not None:
            deliver(payload)
            connection.close()

    receiver.before_answer = bring_more
    tasks.drain(TARGET)
    assert bodies(receiver) == [b"1", b"2", b"3"]


def test_a_message_that_is_refused_is_a_dead_letter_and_the_next_one_goes(
    action: RuleAction, receiver: Receiver
) -> None:
    deliver(b"1", b"2")
    receiver.statuses = [422, 200]
    tasks.drain(TARGET)
    assert states() == ["dead", "delivered"]
    dead = Delivery.objects.get(state="dead")
    assert (dead.reason, dead.result and dead.result["status"]) == ("the server answers 422", 422)
    assert LedgerEntry.objects.get(link=TARGET).refused == 1


def test_a_target_that_is_away_keeps_the_order_and_is_left_alone_for_a_while(
    action: RuleAction, receiver: Receiver, sent: list[str]
) -> None:
    deliver(b"1", b"2")
    receiver.statuses = [503]
    tasks.drain(TARGET)
    tasks.drain(TARGET)
    assert (bodies(receiver), states()) == ([b"1"], ["waiting"] * 2)
    state = TargetState.objects.get()
    assert (state.failures, state.reason, state.next_try_at > datetime.now(UTC)) == (1, "the server answers 503", True)
    assert sent == []
    receiver.statuses = [200]
    TargetState.objects.update(next_try_at=F("next_try_at") - timedelta(minutes=5))
    tasks.drain(TARGET)
    assert (bodies(receiver), states()) == ([b"1", b"1", b"2"], ["delivered"] * 2)
    assert not TargetState.objects.exists()
    assert len({request.headers["x-patchbay-delivery"] for request in receiver.received[:2]}) == 1


def test_it_waits_longer_each_time_and_as_long_as_it_is_asked_to(action: RuleAction, receiver: Receiver) -> None:
    deliver(b"1")
    receiver.statuses, receiver.headers = [429], {"Retry-After": "1800"}
    tasks.drain(TARGET)
    assert TargetState.objects.get().next_try_at > datetime.now(UTC) + timedelta(minutes=29)
    bounds = [(waiting.delay_s(failures, 0.0), waiting.delay_s(failures, 1.0)) for failures in (0, 1, 5, 50)]
    assert bounds == [(0.5, 1.0), (1.0, 2.0), (16.0, 32.0), (150.0, 300.0)]


def test_what_a_person_sends_again_is_tried_at_once(action: RuleAction, receiver: Receiver) -> None:
    (row,) = deliver(b"1", state="dead")
    LedgerEntry.objects.create(link=TARGET, hour=row.created_at.replace(minute=0, second=0, microsecond=0), refused=1)
    waiting.note_away(TARGET, "away", now=datetime.now(UTC), asked_s=3000)
    redrive(row.id)
    stop_intake()
    tasks.drain(TARGET)
    assert states() == ["delivered"]


def test_an_action_that_fails_by_a_fault_of_the_program_holds_up_nobody(
    action: RuleAction, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(b"1", b"2")
    headers = WebhookAction.headers

    def fragile(self: WebhookAction, task: Task, now_s: int) -> dict[str, str]:
        if task.payload == b"1":
            raise RuntimeError("a bug")
        return headers(self, task, now_s)

    monkeypatch.setattr(WebhookAction, "headers", fragile)
    tasks.drain(TARGET)
    assert states() == ["dead", "delivered"]
    assert Delivery.objects.get(state="dead").reason == "the action itself failed: RuntimeError: a bug"


def test_what_is_overdue_is_not_sent(action: RuleAction, receiver: Receiver) -> None:
    deliver(b"old", expires_at=datetime.now(UTC) - timedelta(seconds=1))
    deliver(b"new", expires_at=datetime.now(UTC) + timedelta(hours=1))
    tasks.drain(TARGET)
    assert (bodies(receiver), states()) == ([b"new"], ["expired", "delivered"])


def test_the_second_webhook_of_a_rule_has_a_target_of_its_own(action: RuleAction, receiver: Receiver) -> None:
    options = action.options | {"url": f"{receiver.url}/b"}
    RuleAction.objects.create(rule=action.rule, position=1, kind="webhook", options=options)
    deliver(b"1", target="webhook:heat/2")
    tasks.drain("webhook:heat/2")
    assert receiver.received[0].path == "/b"


@pytest.mark.parametrize("target", ["webhook:gone", "webhook:heat/3", "script:heat"])
def test_what_waits_for_an_action_that_is_gone_becomes_a_dead_letter(action: RuleAction, target: str) -> None:
    deliver(b"1", target=target)
    tasks.drain(target)
    assert states(target) == ["dead"]
    assert "no such action" in Delivery.objects.get().reason


def test_a_secret_signs_and_stands_in_no_answer(action: RuleAction, receiver: Receiver) -> None:
    action.keep_secrets({"secret": ("swordfish", "")})
    action.save()
    receiver.body = b"you signed with swordfish"
    deliver(b"1")
    tasks.drain(TARGET)
    assert receiver.received[0].headers["x-patchbay-signature"].startswith("sha256=")
    assert "swordfish" not in str(Delivery.objects.values())


def test_only_one_drains_a_target_at_a_time(action: RuleAction, receiver: Receiver) -> None:
    deliver(b"1")
    begun, may_answer = threading.Event(), threading.Event()

    def hold(handler: BaseHTTPRequestHandler) -> None:
        begun.set()
        may_answer.wait(10)

    def drain_and_close() -> None:
        tasks.drain(TARGET)
        connection.close()

    receiver.before_answer = hold
    first = threading.Thread(target=drain_and_close)
    first.start()
    assert begun.wait(10)
    tasks.drain(TARGET)  # in this process
    tasks._busy.discard(TARGET)
    Lease.objects.filter(key=f"drain:{TARGET}").update(owner="elsewhere:1:1")
    tasks.drain(TARGET)  # on another host
    assert len(receiver.received) == 1
    may_answer.set()
    first.join(10)


def test_who_lost_the_lease_meanwhile_settles_nothing(action: RuleAction, receiver: Receiver) -> None:
    deliver(b"1")

    def lose(handler: BaseHTTPRequestHandler) -> None:
        Lease.objects.filter(key=f"drain:{TARGET}").update(token=F("token") + 1)
        connection.close()

    receiver.before_answer = lose
    tasks.drain(TARGET)
    assert states() == ["waiting"]


def test_a_database_that_is_away_for_a_moment_costs_no_second_call(
    action: RuleAction, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(b"1")
    failures = iter([True, True])

    def fragile(*args: Any) -> Any:
        if next(failures, False):
            raise OperationalError("gone")
        return conclude(*args)

    monkeypatch.setattr("bridges.couriers.drain.conclude", fragile)
    tasks.drain(TARGET)
    assert (len(receiver.received), states()) == (1, ["delivered"])


def test_after_its_time_it_lets_others_have_their_turn(
    action: RuleAction, receiver: Receiver, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "BUDGET_S", 0.0)
    deliver(b"1")
    tasks.drain(TARGET)
    assert (receiver.received, sent) == ([], [TARGET])


def test_it_ends_when_the_worker_is_told_to(action: RuleAction, settings: Settings, tmp_path: Path) -> None:
    settings.PATCHBAY_SCRIPTS_DIR = tmp_path
    script = tmp_path / "long.sh"
    script.write_text("#!/bin/sh\nsleep 60\n")
    script.chmod(0o755)
    RuleAction.objects.create(rule=action.rule, kind="script", options={"name": "long.sh", "timeout": 100.0})
    deliver(b"1", b"2", target="script:heat")
    threading.Timer(0.5, tasks._stop).start()
    began = time.monotonic()
    tasks.drain("script:heat")
    assert time.monotonic() - began < 10
    assert states("script:heat") == ["waiting"] * 2


def test_a_script_keeps_its_result_with_its_delivery(action: RuleAction, settings: Settings, tmp_path: Path) -> None:
    settings.PATCHBAY_SCRIPTS_DIR = tmp_path
    script = tmp_path / "fail.sh"
    script.write_text("#!/bin/sh\necho out\necho err >&2\nexit 4\n")
    script.chmod(0o755)
    RuleAction.objects.create(rule=action.rule, kind="script", options={"name": "fail.sh"})
    deliver(b"1", target="script:heat")
    tasks.drain("script:heat")
    row = Delivery.objects.get()
    assert row.result is not None
    assert (row.state, row.result["exit_code"], row.result["stdout"], row.result["stderr"]) == (
        "dead",
        4,
        "out\n",
        "err\n",
    )


def test_the_schedule_finds_what_no_wake_up_told_of(action: RuleAction, sent: list[str]) -> None:
    deliver(b"1", b"2")
    deliver(b"1", target="notify:a")
    deliver(b"1", target="script:b", state="delivered")
    deliver(b"1", target="broker:plant", kind="publish")
    deliver(b"1", target="rule:heat", kind="batch")
    deliver(b"1", target="script:away")
    waiting.note_away("script:away", "away", now=datetime.now(UTC), asked_s=100)
    tasks.drain_what_waits()
    assert sent == ["notify:a", TARGET]


def test_every_open_target_is_found() -> None:
    assert waiting.open_targets() == []
    for target in ("b:1", "a:1", "c:1", "a:1"):
        deliver(b"", target=target, kind="publish")
    deliver(b"", target="d:1", kind="publish", state="dead")
    assert waiting.open_targets() == ["a:1", "b:1", "c:1"]


def test_without_redis_a_wake_up_is_dropped_and_holds_nobody_up(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.undo()
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    sender = TaskSender()
    began = time.monotonic()
    sender.send([TARGET])
    assert time.monotonic() - began < 0.5
    wait_for(lambda: "Redis is away" in caplog.text, limit_s=20)
    sender.close()
