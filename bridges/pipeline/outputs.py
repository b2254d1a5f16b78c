"""What a rule's actions put into the outbox. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from uuid import UUID

import orjson

from bridges.pipeline.replies import NOBODY
from bridges.pipeline.snapshot import Action, EventAction, PublishAction, TaskAction, WriteAction
from bridges.pipeline.ticket_payloads import make_ticket
from bridges.rules.address import AddressFault
from bridges.rules.expression import Variables
from bridges.rules.rule import CompiledRule
from devices.printing.job import FORM
from telemetry.ids import hour_in, time_of
from telemetry.recording.batch import Batch, DeliveryDraft, LedgerKey


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
    """The outbox row of one action: waiting, delivered (an event), or dead if its topic or ticket cannot be made.

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
    kind, form = _kind(action), ""
    if isinstance(action, WriteAction):
        form = action.form
        if action.ticket is not None:
            made = make_ticket(action.ticket, payload, variables, origin.rule)
            payload, form, reason = made.payload, made.form, made.reason
            state = "dead" if reason else "waiting"
    delivery_id = new_id()
    created_at = time_of(delivery_id)  # the ledger books outcomes by the time in the id
    return DeliveryDraft(  # in the order of its fields: by name it costs three times as much
        delivery_id,
        created_at,
        origin.message_id,
        origin.source,
        origin.rule.name,
        origin.rule.version,
        kind,
        action.target,
        publish.topic_name if publish else "",
        address,
        payload,
        publish.qos if publish else 0,
        publish.is_retained if publish else False,
        _asked(origin, form) if kind == "write" else _properties(origin.via),
        state,
        0,
        created_at + timedelta(seconds=action.expiry_s) if action.expiry_s else None,
        None if state == "waiting" else created_at,
        reason,
    )


def _asked(origin: Origin, form: str) -> str:
    properties = {"via": origin.via, **origin.asked}
    return orjson.dumps(properties | {FORM: form} if form else properties).decode()


@lru_cache(1000)
def _properties(via: str) -> str:
    return orjson.dumps({"via": via, **NOBODY}).decode()


def _kind(action: Action) -> str:
    if isinstance(action, TaskAction):
        return action.kind
    if isinstance(action, EventAction):
        return "event"
    return "publish" if isinstance(action, PublishAction) else "write"


_BOOKED_AS = {"dead": "refused", "delivered": "delivered"}


def add_delivery(batch: Batch, draft: DeliveryDraft) -> None:
    """Put it into the batch, and into the ledger."""
    hour = hour_in(draft.id)
    batch.deliveries.append(draft)
    batch.ledger[LedgerKey(draft.target, hour, "created")] += 1
    if draft.state in _BOOKED_AS:
        batch.ledger[LedgerKey(draft.target, hour, _BOOKED_AS[draft.state])] += 1
