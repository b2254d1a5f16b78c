"""The processor on a real database: exactly once, also when it is killed; isolated failures; one worker at a time."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import orjson
import pytest
from django.db import DataError, connection
from django.db.models import F

from bridges.models import Rule
from bridges.pipeline.batching import decide_batch, draft_part
from bridges.pipeline.outputs import add_delivery
from bridges.pipeline.snapshot import Action, ActiveRule, EventAction
from bridges.rules.rule import CompiledRule
from bridges.runtime import processor as module
from bridges.runtime.leases import Holder, Leases
from bridges.runtime.processor import Processor, read_parts
from bridges.tests.batch_worker import committer_with, sums_rule
from bridges.tests.messages import make_variables
from bridges.tests.test_committer import wait_for
from bridges.tests.test_decisions import publish
from telemetry.ids import new_id
from telemetry.models import Delivery, Lease, LedgerEntry, RuleCount
from telemetry.recording.batch import Batch
from telemetry.recording.recorder import Recorder

pytestmark = pytest.mark.django_db(transaction=True)

DEVICES = 7


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    connection.close()


def put(active: ActiveRule, count: int, *, devices: int = DEVICES, first: int = 0) -> None:
    """Let messages n = first, first + 1, ... wait for the rule, as the pipeline does."""
    Rule.objects.get_or_create(name=active.rule.name, defaults={"every_s": active.every_s})
    batch = Batch(at=datetime.now(UTC))
    for n in range(first, first + count):
        variables = make_variables({}, readings={"n": float(n)}, device=f"d{n % devices}")
        add_delivery(batch, draft_part(active, variables, message_id=new_id(), via="", new_id=new_id))
    Recorder("test").record(batch)


def outputs() -> list[Any]:
    rows = Delivery.objects.filter(kind="event").order_by("id")
    return [orjson.loads(bytes(row.payload)) for row in rows]


def states(target: str = "rule:sums") -> list[str]:
    return list(Delivery.objects.filter(target=target).order_by("id").values_list("state", flat=True))


def processor(*rules: ActiveRule, holder: Holder | None = None, clock: Callable[[], float] = time.time) -> Processor:
    leases = Leases(holder or Holder.this_process("tests"))
    return Processor(leases=leases, committer=committer_with(rules or [sums_rule()]), clock=clock)


def when_it_came() -> float:
    """A clock that stands still at the first message: midnight, when a daily rule is due, cannot come in between."""
    return Delivery.objects.order_by("id").first().created_at.timestamp()  # type: ignore[union-attr]


def work_off(*rules: ActiveRule) -> None:
    """Claim the rules and work, as if an interval had passed."""
    one = processor(*rules)
    one._tick()
    one._worked_at.update(dict.fromkeys(one._worked_at, 0.0))
    while any(one._is_due(rule) for rule in rules or [sums_rule()] if rule.batch_target in one._leases.tokens):
        one._tick()
    one._release(list(one._leases.tokens))


def rule_of(name: str, transform: dict[str, str] | None = None, actions: Sequence[Action] | None = None) -> ActiveRule:
    return ActiveRule(9, CompiledRule(name, 1, "", transform), tuple(actions or [EventAction("e")]), every_s=86_400)


def test_what_waits_comes_out_once_by_device_and_the_ledger_balances() -> None:
    put(sums_rule(), 100)
    work_off()
    found = outputs()
    assert [item["device"] for item in found] == [f"d{n}" for n in range(DEVICES)]
    assert sum(item["count"] for item in found) == 100
    assert sum(item["sum"] for item in found) == sum(range(100))
    assert set(states()) == {"delivered"}
    entry = LedgerEntry.objects.get(link="rule:sums")
    assert (entry.created, entry.delivered) == (100, 100)
    assert RuleCount.objects.get(rule="sums").matched == DEVICES


def test_nothing_is_worked_on_before_the_interval_is_over() -> None:
    active = rule_of("slow")
    put(active, 3)
    one = processor(active, clock=when_it_came)
    one._tick()
    assert (states("rule:slow"), outputs()) == (["waiting"] * 3, [])
    one._release(list(one._leases.tokens))


def test_what_waited_through_a_restart_is_worked_on_at_once() -> None:
    active = rule_of("slow")
    put(active, 3)
    Delivery.objects.update(created_at=F("created_at") - timedelta(days=2))
    one = processor(active)
    one._tick()
    assert set(states("rule:slow")) == {"delivered"}
    one._release(list(one._leases.tokens))


def test_a_run_is_bounded_and_the_rest_follows_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_MESSAGES", 10)
    put(sums_rule(), 35, devices=1)
    assert (len(read_parts("rule:sums")[0]), read_parts("rule:sums")[2]) == (10, False)
    work_off()
    assert [item["count"] for item in outputs()] == [10, 10, 10, 5]


def test_a_run_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_BYTES", 300)
    put(sums_rule(), 35, devices=1)
    parts, _, is_all = read_parts("rule:sums")
    assert (0 < len(parts) < 10, is_all) == (True, False)


def test_a_rule_that_fails_on_its_data_costs_only_that_batch() -> None:
    failing = rule_of("failing", {"x": "1 / int(batch.metrics.n.first)"})  # d0 begins with 0
    put(failing, 14)
    put(sums_rule(), 7)
    work_off(failing, sums_rule())
    dead = Delivery.objects.filter(target="rule:failing", state="dead")
    assert {row.reason for row in dead} == {"transform.x: division by zero"}
    assert (dead.count(), states("rule:failing").count("delivered")) == (2, 12)
    assert set(states()) == {"delivered"}
    count = RuleCount.objects.get(rule="failing")
    assert (count.failed, count.matched, count.last_error) == (1, 6, "transform.x: division by zero")


def test_a_rule_with_a_fault_of_the_program_stops_no_other_one(monkeypatch: pytest.MonkeyPatch) -> None:
    decide = decide_batch

    def fragile(active: ActiveRule, *args: Any, **kwargs: Any) -> Batch:
        if active.rule.name == "broken":
            raise RuntimeError("a bug")
        return decide(active, *args, **kwargs)

    monkeypatch.setattr(module, "decide_batch", fragile)
    monkeypatch.setattr(module, "refuse_batch", fragile)
    broken = rule_of("broken")
    put(broken, 1)
    put(sums_rule(), 7)
    work_off(broken, sums_rule())
    assert (states("rule:broken"), set(states())) == (["waiting"], {"delivered"})


def test_what_the_database_refuses_is_found_and_the_other_batches_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    record = Recorder.record

    def picky(self: Recorder, batch: Batch) -> Any:
        if any(b'"d3"' in draft.payload for draft in batch.deliveries):
            raise DataError("no d3 here\nand more")
        return record(self, batch)

    active = rule_of("picky", {"d": "device"})
    put(active, 14)
    monkeypatch.setattr(Recorder, "record", picky)
    work_off(active)
    dead = Delivery.objects.filter(target="rule:picky", state="dead")
    assert [row.reason for row in dead] == ["the database refuses what came of it: no d3 here"] * 2
    assert sorted(item["d"] for item in outputs()) == ["d0", "d1", "d2", "d4", "d5", "d6"]


def test_a_row_that_is_no_message_becomes_a_dead_letter() -> None:
    put(sums_rule(), 3, devices=1)
    broken = Delivery.objects.order_by("id")[1].id
    Delivery.objects.filter(id=broken).update(payload=b"nonsense")
    work_off()
    assert states() == ["delivered", "dead", "delivered"]
    assert [item["count"] for item in outputs()] == [2]


def test_what_somebody_else_settled_meanwhile_is_in_no_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    put(sums_rule(), 10, devices=1)
    read, is_first = module.read_parts, [True]

    def read_and_lose_one(target: str) -> Any:
        found = read(target)
        if is_first.pop() if is_first else False:
            Delivery.objects.filter(id=found[0][0].id).update(state="expired")
        return found

    monkeypatch.setattr(module, "read_parts", read_and_lose_one)
    work_off()
    assert (outputs(), states().count("waiting")) == ([], 9)  # left alone, and read again at the next claim
    work_off()
    assert [item["count"] for item in outputs()] == [9]


def test_a_worker_that_lost_its_lease_writes_nothing() -> None:
    active = rule_of("slow")
    put(active, 10)
    one = processor(active, clock=when_it_came)
    one._tick()
    one._worked_at["rule:slow"] = 0.0
    Lease.objects.filter(key="rule:slow").update(token=F("token") + 1, owner="another:1:1")
    one._tick()
    assert (outputs(), states("rule:slow")) == ([], ["waiting"] * 10)


def test_only_one_worker_works_on_a_rule() -> None:
    first, second = processor(), processor(holder=Holder("elsewhere", 1, 1))
    first._tick()
    second._tick()
    assert ("rule:sums" in first._leases.tokens, "rule:sums" in second._leases.tokens) == (True, False)
    first._release(["rule:sums"])
    second._claimed_at = 0.0
    second._tick()
    assert "rule:sums" in second._leases.tokens


def test_messages_of_a_rule_that_is_gone_become_dead_letters() -> None:
    put(sums_rule(), 3)
    Rule.objects.update(every_s=None)
    one = processor(rule_of("other"))
    one._settle_orphans()
    assert set(states()) == {"dead"}
    assert "no batch rule" in Delivery.objects.first().reason  # type: ignore[union-attr]


def test_messages_of_a_disabled_rule_wait() -> None:
    put(sums_rule(), 3)
    Rule.objects.update(is_enabled=False)
    processor(rule_of("other"))._settle_orphans()
    assert states() == ["waiting"] * 3


def test_outputs_reach_the_couriers_of_the_process_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    active = rule_of("out", actions=[publish("out/{device}", target="broker:central")])
    woken: list[Any] = []
    put(active, 1)
    one = processor(active)
    monkeypatch.setattr(one._committer.handover, "wake", woken.append)
    one._tick()
    one._worked_at["rule:out"] = 0.0
    one._tick()
    assert woken == [{"broker:central"}]
    one._release(["rule:out"])


def test_as_a_thread_it_works_and_ends_promptly() -> None:
    one = processor()
    one.start()
    put(sums_rule(), 20)
    wait_for(lambda: "waiting" not in states())
    began = time.monotonic()
    assert one.stop(5)
    assert time.monotonic() - began < 2
    assert Lease.objects.get(key="rule:sums").owner == ""
    assert sum(item["count"] for item in outputs()) == 20


# Killed


def database_url() -> str:
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{settings['NAME']}"
    return f"postgresql://{settings['USER']}@{settings['HOST']}:{settings['PORT']}/{settings['NAME']}"


def start_worker(*arguments: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {"DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "hub.settings"}
    return subprocess.Popen([sys.executable, "-m", "bridges.tests.batch_worker", *arguments], env=environment)


def has_moved_on(before: int) -> bool:
    """Whether more has come out than there was, or nothing waits any more."""
    return len(outputs()) > before or "waiting" not in states()


def test_killed_in_the_middle_of_its_transaction_it_has_done_nothing_and_the_next_one_does_all() -> None:
    put(sums_rule(), 40)
    dying = start_worker("--die-in-transaction")
    assert dying.wait(30) == -9
    assert (states(), outputs()) == (["waiting"] * 40, [])
    next_one = start_worker()
    try:
        wait_for(lambda: "waiting" not in states(), limit_s=30)
    finally:
        next_one.kill()
        next_one.wait()
    assert sum(item["count"] for item in outputs()) == 40
    assert sum(item["sum"] for item in outputs()) == sum(range(40))


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_killed_at_any_instant_again_and_again_every_message_counts_once() -> None:
    total, draw = 4000, random.Random(5)
    for first in range(0, total, 1000):
        put(sums_rule(), 1000, first=first)
    for _ in range(4):
        worker = start_worker()
        before = len(outputs())
        wait_for(partial(has_moved_on, before), limit_s=60)
        threading.Event().wait(draw.uniform(0, 0.25))
        worker.kill()
        worker.wait()
    worker = start_worker()
    try:
        wait_for(lambda: "waiting" not in states(), limit_s=40)
    finally:
        worker.kill()
        worker.wait()
    assert sum(item["count"] for item in outputs()) == total
    assert sum(item["sum"] for item in outputs()) == sum(range(total))
    assert set(states()) == {"delivered"}
    entries = LedgerEntry.objects.filter(link="rule:sums")
    assert sum(entry.delivered for entry in entries) == sum(entry.created for entry in entries) == total
