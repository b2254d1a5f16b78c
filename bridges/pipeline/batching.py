"""Batch rules: how a message waits for its batch, what a batch is to an expression, and what comes of it. Pure.

A message that such a rule takes becomes a Delivery of kind `batch` in the message's own transaction. The processor
works these off every N seconds, by device, and its outputs and the end of what they came of are one transaction again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from bridges.pipeline.outputs import Origin, add_delivery, draft_delivery
from bridges.pipeline.snapshot import ActiveRule
from bridges.rules.expression import Variables
from bridges.rules.faults import EvaluationFault
from bridges.rules.plain import time_text
from telemetry.ids import time_of
from telemetry.recording.batch import Batch, DeliveryDraft
from telemetry.values import Json, Outcome, Verdict, storable


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a batch, as it was when it arrived. `via` are the rules that brought it about."""

    id: UUID  # of its Delivery
    variables: Variables
    via: str = ""


def draft_part(
    active: ActiveRule, variables: Variables, *, message_id: UUID, via: str, new_id: Callable[[], UUID]
) -> DeliveryDraft:
    """The outbox row in which a message waits for its batch."""
    delivery_id = new_id()
    return DeliveryDraft(
        id=delivery_id,
        created_at=time_of(delivery_id),
        message_id=message_id,
        source=variables.source,
        rule=active.rule.name,
        rule_version=active.rule.version,
        kind="batch",
        target=active.batch_target,
        topic_name="",
        address="",
        payload=_packed(variables),
        qos=0,
        is_retained=False,
        properties=orjson.dumps({"via": via}).decode(),
        state="waiting",
        disconnects=0,
        expires_at=None,
        done_at=None,
        reason="",
    )


def _packed(variables: Variables) -> bytes:
    document: dict[str, Json] = {
        "device": variables.device,
        "topic": variables.topic,
        "time": variables.time,
        "readings": variables.readings,
        "payload": variables.payload,
    }
    try:
        return orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # it holds what JSON cannot say: what expressions see of the readings is still good
        del document["payload"]
        return orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS)


def unpacked(id: UUID, payload: bytes, *, source: str, via: str) -> Part:
    """The message that waited; raises ValueError, KeyError, TypeError or AttributeError for a row that is none."""
    document = orjson.loads(payload)
    variables = Variables(
        payload=document.get("payload"),
        readings={name: float(value) for name, value in document["readings"].items() if value is not None},
        device=str(document["device"]),
        topic=str(document["topic"]),
        source=source,
        time=datetime.fromisoformat(document["time"]),
    )
    return Part(id, variables, via)


def by_device(parts: Iterable[Part]) -> list[list[Part]]:
    """The parts of each device, in the order of arrival."""
    groups: dict[str, list[Part]] = {}
    for part in parts:
        groups.setdefault(part.variables.device, []).append(part)
    return list(groups.values())


def batch_variables(group: Sequence[Part], source: str) -> Variables:
    """What an expression sees of a device's batch: `batch`, and as everything else the last message."""
    return batched([part.variables for part in group], source)


def batched(messages: Sequence[Variables], source: str) -> Variables:
    """As `batch_variables`, of messages."""
    last = messages[-1]
    times = [variables.time for variables in messages]
    batch = {
        "device": last.device,
        "count": len(messages),
        "from": min(times),
        "to": max(times),
        "metrics": _metrics(messages),
    }
    return Variables(
        payload=last.payload,
        readings=last.readings,
        device=last.device,
        topic=last.topic,
        source=source,
        time=last.time,
        batch=batch,
    )


def _metrics(messages: Sequence[Variables]) -> dict[str, dict[str, float]]:
    values: dict[str, list[float]] = {}
    for variables in messages:
        for metric, value in variables.readings.items():
            values.setdefault(metric, []).append(value)
    return {metric: _aggregated(found) for metric, found in values.items()}


def _aggregated(values: Sequence[float]) -> dict[str, float]:
    try:
        total = math.fsum(values)
    except (OverflowError, ValueError):
        total = sum(values)
    return {
        "min": min(values),
        "max": max(values),
        "mean": total / len(values),
        "sum": total,
        "count": len(values),
        "first": values[0],
        "last": values[-1],
    }


def summary(batch: dict[str, Any]) -> dict[str, Json]:
    """What a batch rule without a transform hands on."""
    return batch | {"from": time_text(batch["from"]), "to": time_text(batch["to"])}


def decide_batch(
    active: ActiveRule, groups: Iterable[Sequence[Part]], *, now: datetime, new_id: Callable[[], UUID]
) -> Batch:
    """What the rule makes of these batches: its outputs, and the end of every message in them."""
    batch = Batch(at=now)
    for group in groups:
        reason = _reason_to_refuse(active, group, batch, new_id=new_id)
        batch.outcomes += _ended(group, reason)
        if reason:
            batch.rule_counts[active.rule.name, "failed"] += 1
            batch.rule_errors[active.rule.name] = reason
    return batch


def refuse_batch(active: ActiveRule, group: Sequence[Part], reason: str, *, now: datetime) -> Batch:
    """The database refuses what came of this batch: its messages become dead letters."""
    batch = Batch(at=now, outcomes=list(_ended(group, storable(reason))))
    batch.rule_counts[active.rule.name, "failed"] += 1
    batch.rule_errors[active.rule.name] = storable(reason)
    return batch


def _ended(group: Sequence[Part], reason: str) -> Iterator[Outcome]:
    verdict = Verdict.REFUSED if reason else Verdict.DELIVERED
    return (Outcome(part.id, verdict, reason) for part in group)


def _reason_to_refuse(active: ActiveRule, group: Sequence[Part], batch: Batch, *, new_id: Callable[[], UUID]) -> str:
    """Put the outputs of one batch in; answers why it failed, '' if it did not."""
    variables = batch_variables(group, active.batch_target)
    try:
        result = active.rule.apply(variables) if active.rule.judges_batches else active.rule.fill_in(variables)
        if not result.matched:
            batch.rule_counts[active.rule.name, "missing" if result.is_missing else "unmatched"] += 1
            return ""
        output = summary(variables.batch) if result.output is None else result.output
        payload = orjson.dumps(output, option=orjson.OPT_NON_STR_KEYS)
    except EvaluationFault as fault:
        return storable(str(fault))
    except Exception as error:  # noqa: BLE001 - a rule's mistake must not cost other batches
        return storable(f"{type(error).__name__}: {error}")
    origin = Origin(None, active.batch_target, active.rule, _joined(group, active.number))
    drafts = [draft_delivery(action, payload, variables, origin=origin, new_id=new_id) for action in active.actions]
    for draft in drafts:
        if draft is not None:
            add_delivery(batch, draft)
    batch.rule_counts[active.rule.name, "matched"] += 1
    return ""


def _joined(group: Sequence[Part], number: int) -> str:
    """The loop marks of all its messages together, and this rule's own."""
    marks = dict.fromkeys(mark for part in group for mark in part.via.split(".") if mark)
    return ".".join([*marks, str(number)])
