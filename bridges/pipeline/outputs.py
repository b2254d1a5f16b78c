"""What a rule's actions put into the outbox. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import orjson

from bridges.pipeline.snapshot import Action, PublishAction
from bridges.rules.address import AddressFault
from bridges.rules.expression import Variables
from bridges.rules.rule import CompiledRule
from telemetry.ids import time_of
from telemetry.recording.batch import DeliveryDraft, MessageDraft


def draft_delivery(
    action: Action,
    message: MessageDraft,
    payload: bytes,
    variables: Variables,
    *,
    rule: CompiledRule,
    via: str,
    new_id: Callable[[], UUID],
    is_retained: bool = False,
) -> DeliveryDraft | None:
    """The outbox row of one action: waiting, or dead at once if its topic cannot be filled in.

    None for a write of a retained message: it was sent before, and would be printed at each restart.
    """
    state, reason, address = "waiting", "", ""
    publish = action if isinstance(action, PublishAction) else None
    if publish is not None:
        try:
            address = publish.address.render(variables, allow_slash=publish.allow_slash)
        except AddressFault as fault:
            state, reason = "dead", str(fault)
    elif is_retained:
        return None
    delivery_id = new_id()
    created_at = time_of(delivery_id)  # the ledger books outcomes by the time in the id
    return DeliveryDraft(
        id=delivery_id,
        created_at=created_at,
        message_id=message.id,
        source=message.source,
        rule=rule.name,
        rule_version=rule.version,
        kind="publish" if publish else "write",
        target=action.target,
        topic_name=publish.topic_name if publish else "",
        address=address,
        payload=payload,
        qos=publish.qos if publish else 0,
        is_retained=publish.is_retained if publish else False,
        properties=orjson.dumps({"via": via}).decode(),
        state=state,
        disconnects=0,
        expires_at=created_at + timedelta(seconds=action.expiry_s) if action.expiry_s else None,
        done_at=created_at if state == "dead" else None,
        reason=reason,
    )
