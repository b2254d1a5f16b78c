"""The courier of a target that tasks carry: works off its waiting Deliveries in id order, one at a time.

The caller holds the target's lease; each Delivery is settled in a transaction that checks its token. What is cut
short is carried again: webhooks, scripts and notifications go out at least once, under an id that stays.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from threading import Event

from django.db import Error, connection

from bridges.actions.base import Carried, CarriedAction, Task
from bridges.actions.registry import CARRIED
from bridges.couriers import waiting
from bridges.couriers.outbox import expire, read_waiting
from bridges.models import RuleAction
from telemetry.backoff import Backoff
from telemetry.models import Delivery
from telemetry.options import OptionFault
from telemetry.outages import is_outage
from telemetry.recording.batch import DeliveryDraft
from telemetry.recording.outcomes import Concluded, book, conclude
from telemetry.recording.recorder import check_tokens
from telemetry.recording.transactions import brief_transaction
from telemetry.redaction import redact, remember_secret
from telemetry.values import Outcome, Verdict, storable

logger = logging.getLogger(__name__)

READ = 50
SETTLE_S = 10.0
"""So long the end of a Delivery is kept for a database that is away; then it will be carried once more."""

Announce = Callable[[Sequence[Concluded]], None]
KeepLease = Callable[[], int]
"""Renews the lease if need be; answers its token, or raises LeaseLost."""


def drain(target: str, *, keep_lease: KeepLease, stopping: Event, announce: Announce, budget_s: float) -> None:
    """Carry what waits for the target until nothing does, it is away, the time is over, or the process stops."""
    deadline = time.monotonic() + budget_s
    action, fault = action_of(target)
    for draft in _waiting(target, announce):
        if stopping.is_set() or time.monotonic() >= deadline or not waiting.is_due(target, datetime.now(UTC)):
            return
        token = keep_lease()
        carried = _carried(action, draft, stopping) if action else Carried(Verdict.REFUSED, fault)
        announce(_settle_patiently(target, draft, carried, token=token))
        if carried.verdict is Verdict.RETURNED:
            return


def _carried(action: CarriedAction, draft: DeliveryDraft, stopping: Event) -> Carried:
    task = Task(draft.id, draft.payload, draft.rule, draft.source, draft.created_at, draft.message_id)
    try:
        return action.carry(task, stopping)
    except Exception as error:  # an action's own mistake must not hold up what waits behind it
        logger.exception("an action failed", extra={"delivery": str(draft.id)})
        return Carried(Verdict.REFUSED, f"the action itself failed: {type(error).__name__}: {error}")


def action_of(target: str) -> tuple[CarriedAction | None, str]:
    """What carries this target's Deliveries; or None, and why there is nothing."""
    kind, _, place = target.partition(":")
    rule, _, number = place.partition("/")
    rows = RuleAction.objects.filter(rule__name=rule, kind=kind).order_by("position", "id")
    index = int(number or 1) - 1
    row = rows[index : index + 1].first()
    if row is None or kind not in CARRIED:
        return None, f"the rule {rule} has no such action any more"
    for secret, _ in row.kept_secrets.values():
        remember_secret(secret)
    try:
        return CARRIED[kind](row.all_options), ""
    except OptionFault as fault:
        return None, f"the action cannot be used: {fault}"


def _waiting(target: str, announce: Announce) -> Iterator[DeliveryDraft]:
    """What waits, in id order, also what comes while it is worked off."""
    while True:
        drafts = read_waiting(target, READ)
        now = datetime.now(UTC)
        if any(draft.expires_at is not None and draft.expires_at <= now for draft in drafts):
            announce(expire(now))
            drafts = [draft for draft in drafts if draft.expires_at is None or draft.expires_at > now]
        elif not drafts:
            return
        yield from drafts


def _settle_patiently(target: str, draft: DeliveryDraft, carried: Carried, *, token: int) -> list[Concluded]:
    """Write down what became of it; waits a while for a database that is away."""
    backoff, deadline = Backoff(0.1, 2.0), time.monotonic() + SETTLE_S
    while True:
        try:
            return _settle(target, draft, carried, token=token)
        except Error as error:
            if not is_outage(error):
                raise
            connection.close()
            if time.monotonic() >= deadline:
                raise
            time.sleep(backoff.next_delay_s())


def _settle(target: str, draft: DeliveryDraft, carried: Carried, *, token: int) -> list[Concluded]:
    now = datetime.now(UTC)
    reason = storable(redact(carried.reason))
    with brief_transaction():
        check_tokens({lease_key(target): token})
        concluded = conclude([Outcome(draft.id, carried.verdict, reason)], now)
        book(concluded)
        if carried.result is not None:
            Delivery.objects.filter(id=draft.id).update(result=carried.result)
        if carried.verdict is Verdict.RETURNED:
            waiting.note_away(target, reason, now=now, asked_s=carried.retry_after_s)
        else:
            waiting.note_back(target)
    if carried.verdict is not Verdict.DELIVERED:
        logger.warning("not delivered: %s", reason, extra={"target": target, "delivery": str(draft.id)})
    return concluded


def lease_key(target: str) -> str:
    """The lease under which a target is drained."""
    return f"drain:{target}"
