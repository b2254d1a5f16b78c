"""What waits for a batch, what a batch is to an expression, and what comes of it. No database."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridges.pipeline.batching import Part, batch_variables, by_device, decide_batch, draft_part, unpacked
from bridges.pipeline.decisions import Decider
from bridges.pipeline.memory import Memory
from bridges.pipeline.snapshot import Action, ActiveRule, EventAction, TaskAction
from bridges.rules.rule import CompiledRule, check_rule
from bridges.tests.messages import make_variables
from bridges.tests.test_decisions import arrival, publish, snapshot
from telemetry.ids import new_id
from telemetry.recording.batch import Batch
from telemetry.values import Verdict

_KEYS = ("device", "topic", "time", "readings", "payload")
_ANY: st.SearchStrategy[Any] = st.sampled_from(
    [None, 5, "x", "2026-03-01T12:00:00", "2026-03-01T12:00:00Z", [], {}, {"t": 1}, {"t": "x"}, {"t": []}]
)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def batch_rule(
    condition: str = "", transform: dict[str, str] | None = None, actions: Sequence[Action] | None = None
) -> ActiveRule:
    compiled = CompiledRule("means", 2, condition, transform)
    return ActiveRule(7, compiled, tuple([EventAction("means")] if actions is None else actions), every_s=60)


def part(device: str = "m1", via: str = "", **readings: float) -> Part:
    return Part(new_id(), replace(make_variables({"raw": device}, readings=readings, device=device), time=NOW), via)


def decide(active: ActiveRule, *parts: Part) -> Batch:
    return decide_batch(active, by_device(parts), now=NOW, new_id=new_id)


def outputs(batch: Batch) -> list[Any]:
    return [orjson.loads(draft.payload) for draft in batch.deliveries]


def run(payloads: Sequence[Any], active: ActiveRule, **fields: Any) -> Batch:
    """What the pipeline decides about messages of the rule's source."""
    decider = Decider(snapshot(active), Memory(), now=NOW, new_id=new_id)
    return decider.decide_all([arrival(payload, **fields) for payload in payloads])


def test_a_message_of_a_batch_rule_waits_in_its_own_transaction() -> None:
    batch = run([{"id": "m1", "t": 21.5}], batch_rule())
    (waiting,) = batch.deliveries
    assert (waiting.kind, waiting.target, waiting.state) == ("batch", "rule:means", "waiting")
    assert waiting.message_id == batch.messages[0].id
    assert {key.column: n for key, n in batch.ledger.items() if key.link == "rule:means"} == {"created": 1}


def test_a_condition_on_messages_chooses_what_waits() -> None:
    batch = run([{"id": "m1", "t": 1}, {"id": "m1", "t": 9}, {"id": "m1"}], batch_rule("readings.t > 5.0"))
    assert [orjson.loads(draft.payload)["readings"] for draft in batch.deliveries] == [{"t": 9.0}]
    assert dict(batch.rule_counts) == {("means", "unmatched"): 1, ("means", "missing"): 1}


def test_a_condition_on_batches_lets_every_message_wait() -> None:
    assert len(run([{"id": "m1", "t": 1}, {"id": "m1"}], batch_rule("batch.count > 5")).deliveries) == 2


def test_a_retained_message_was_in_a_batch_before() -> None:
    assert not run([{"id": "m1", "t": 1}], batch_rule(), retain=True).deliveries


def test_what_waits_is_read_back_as_it_was() -> None:
    variables = make_variables({"a": [1, None]}, readings={"t": 1.5}, device="m1")
    draft = draft_part(batch_rule(), variables, message_id=new_id(), via="3", new_id=new_id)
    found = unpacked(draft.id, draft.payload, source=draft.source, via=orjson.loads(draft.properties)["via"])
    assert found == Part(draft.id, variables, "3")


@given(st.binary() | st.dictionaries(st.sampled_from(_KEYS), _ANY).map(orjson.dumps))
def test_any_other_bytes_are_told_apart_from_a_message(payload: bytes) -> None:
    try:
        found = unpacked(new_id(), payload, source="s", via="")
    except (ValueError, KeyError, TypeError, AttributeError):
        return
    assert batch_variables(by_device([found])[0], "s").batch["count"] == 1


def test_a_payload_that_json_cannot_say_is_left_out_and_its_readings_count() -> None:
    variables = make_variables({"a": "\ud800"}, readings={"t": 1.5})
    draft = draft_part(batch_rule(), variables, message_id=new_id(), via="", new_id=new_id)
    found = unpacked(draft.id, draft.payload, source=draft.source, via="")
    assert (found.variables.payload, found.variables.readings) == (None, {"t": 1.5})


def test_a_batch_is_one_device_in_the_order_of_arrival() -> None:
    first, other, second = part("m1", t=1.0), part("m2", t=9.0), part("m1", t=2.0)
    assert by_device([first, other, second]) == [[first, second], [other]]


def test_the_batch_tells_count_span_and_every_aggregate() -> None:
    one, two, three = (part(t=value) for value in (4.0, 1.0, 7.0))
    two = replace(two, variables=replace(two.variables, time=NOW - timedelta(minutes=1)))
    batch = batch_variables([one, two, three], "rule:means").batch
    assert (batch["device"], batch["count"]) == ("m1", 3)
    assert (batch["from"], batch["to"]) == (NOW - timedelta(minutes=1), NOW)
    assert batch["metrics"]["t"] == {
        "min": 1.0, "max": 7.0, "mean": 4.0, "sum": 12.0, "count": 3, "first": 4.0, "last": 7.0,
    }  # fmt: skip


def test_a_metric_that_only_some_messages_have_is_counted_by_itself() -> None:
    metrics = batch_variables([part(t=1.0, h=40.0), part(t=3.0)], "rule:means").batch["metrics"]
    assert (metrics["t"]["count"], metrics["h"]["count"], metrics["h"]["mean"]) == (2, 1, 40.0)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=64), min_size=1, max_size=50))
def test_an_aggregate_lies_within_its_values_whatever_they_are(values: list[float]) -> None:
    found = batch_variables([part(t=value) for value in values], "rule:means").batch["metrics"]["t"]
    assert (found["min"], found["max"], found["count"]) == (min(values), max(values), len(values))
    if math.isfinite(found["sum"]):
        slack = 1e-9 * max(abs(found["min"]), abs(found["max"]))
        assert found["min"] - slack <= found["mean"] <= found["max"] + slack


def test_expressions_see_the_batch_and_the_last_message() -> None:
    fields = {
        "id": "batch.device",
        "mean": "batch.metrics.t.mean",
        "n": "batch.count",
        "at": "batch.to",
        "p": "payload",
    }
    batch = decide(batch_rule("batch.count > 1", fields), part(t=1.0), part(t=2.0), part("lone", t=5.0))
    assert outputs(batch) == [
        {"id": "m1", "mean": 1.5, "n": 2, "at": "2026-03-01T12:00:00Z", "p": {"raw": "m1"}},
    ]
    assert dict(batch.rule_counts) == {("means", "matched"): 1, ("means", "unmatched"): 1}


def test_without_a_transform_the_whole_batch_is_handed_on() -> None:
    (output,) = outputs(decide(batch_rule(), part(t=1.0)))
    assert list(output) == ["device", "count", "from", "to", "metrics"]
    assert (output["from"], output["metrics"]["t"]["sum"]) == ("2026-03-01T12:00:00Z", 1.0)


def test_every_message_of_it_ends_with_its_outputs() -> None:
    parts = [part(t=1.0), part(t=2.0), part("m2", t=3.0)]
    batch = decide(batch_rule(actions=[publish("out/{device}"), TaskAction("script", "script:means")]), *parts)
    assert {outcome.id for outcome in batch.outcomes} == {one.id for one in parts}
    assert {outcome.verdict for outcome in batch.outcomes} == {Verdict.DELIVERED}
    assert [(draft.kind, draft.address) for draft in batch.deliveries] == [
        ("publish", "out/m1"), ("script", ""), ("publish", "out/m2"), ("script", ""),
    ]  # fmt: skip


def test_a_batch_that_fails_costs_no_other_one() -> None:
    good, bad = part("good", t=1.0), part("bad", t=0.0)
    batch = decide(batch_rule("", {"x": "1 / int(batch.metrics.t.sum)"}), bad, good)
    verdicts = {outcome.id: (outcome.verdict, outcome.reason) for outcome in batch.outcomes}
    assert verdicts[good.id] == (Verdict.DELIVERED, "")
    assert verdicts[bad.id] == (Verdict.REFUSED, "transform.x: division by zero")
    assert outputs(batch) == [{"x": 1}]
    assert (batch.rule_counts["means", "failed"], batch.rule_errors["means"]) == (1, "transform.x: division by zero")


def test_what_came_through_the_rule_once_does_not_come_again() -> None:
    batch = decide(batch_rule(actions=[publish()]), part(via="3.4", t=1.0), part(via="4", t=1.0))
    assert orjson.loads(batch.deliveries[0].properties)["via"] == "3.4.7"


def test_an_event_is_delivered_as_it_is_made() -> None:
    batch = decide(batch_rule(), part(t=1.0))
    (draft,) = batch.deliveries
    assert (draft.target, draft.address, draft.state, draft.done_at) == (
        "events",
        "means",
        "delivered",
        draft.created_at,
    )
    assert {key.column: n for key, n in batch.ledger.items()} == {"created": 1, "delivered": 1}


@pytest.mark.parametrize(("is_batch", "count"), [(True, 0), (False, 2)])
def test_only_a_batch_rule_may_name_the_batch(is_batch: bool, count: int) -> None:
    faults = check_rule("batch.count > 1", {"n": "batch.count"}, is_batch=is_batch)
    assert [fault.field for fault in faults] == ["condition", "transform.n"][:count]
