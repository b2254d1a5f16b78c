"""What a rule's actions put into the outbox. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import orjson

from bridges.pipeline.replies import NOBODY
from bridges.pipeline.snapshot import Action, EventAction, PublishAction, TaskAction
from bridges.rules.address import AddressFault
from bridges.rules.expression import Variables
from bridges.rules.rule import CompiledRule
from telemetry.ids import time_of
from telemetry.recording.batch import Batch, DeliveryDraft, LedgerKey, hour_of


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a Delivery comes from: the message (None for a batch), its source, the rule, the rules before."""

    message_id: UUID | None
    source: str
    rule: CompiledRule
    via: str
    asked: Mapping[str, str] = field(default_factory=dict)  # who waits for the answer of a device that is written to
    is_retained: bool = False


def draft_delivery(
    action: Action, payload: bytes, variables: Variables, *, origin: Origin, new_id: Callable[[], UUID]
) -> DeliveryDraft | None:
    """The outbox row of one action: waiting, delivered (an event), or dead if its topic cannot be filled in.

    None for a write of a retained message, and the like: it was sent before, and would be printed at each restart.
    """
    if origin.is_retained and not isinstance(action, PublishAction | EventAction):
        return None
    state, reason, address = "waiting", "", ""
    publish = action if isinstance(action, PublishAction) else None
    if publish is not None:
        try:
            address = publish.address.render(variables, allow_slash=publish.allow_slash)
        except AddressFault as fault:
            state, reason = "dead", str(fault)
    elif isinstance(action, EventAction):
        state, address = "delivered", action.name
    kind = _kind(action)
    delivery_id = new_id()
    created_at = time_of(delivery_id)  # the ledger books outcomes by the time in the id
    return DeliveryDraft(
        id=delivery_id,
        created_at=created_at,
        message_id=origin.message_id,
        source=origin.source,
        rule=origin.rule.name,
        rule_version=origin.rule.version,
        kind=kind,
        target=action.target,
        topic_name=publish.topic_name if publish else "",
        address=address,
        payload=payload,
        qos=publish.qos if publish else 0,
        is_retained=publish.is_retained if publish else False,
        properties=orjson.dumps({"via": origin.via, **(origin.asked if kind == "write" else NOBODY)}).decode(),
        state=state,
        disconnects=0,
        expires_at=created_at + timedelta(seconds=action.expiry_s) if action.expiry_s else None,
        done_at=None if state == "waiting" else created_at,
        reason=reason,
    )


def _kind(action: Action) -> str:
    if isinstance(action, TaskAction):
        return action.kind
    if isinstance(action, EventAction):
        return "event"
    return "publish" if isinstance(action, PublishAction) else "write"


_BOOKED_AS = {"dead": "refused", "delivered": "delivered"}


def add_delivery(batch: Batch, draft: DeliveryDraft) -> None:
    """Put it into the batch, and into the ledger."""
    hour = hour_of(draft.created_at)
    batch.deliveries.append(draft)
    batch.ledger[LedgerKey(draft.target, hour, "created")] += 1
    if draft.state in _BOOKED_AS:
        batch.ledger[LedgerKey(draft.target, hour, _BOOKED_AS[draft.state])] += 1
