"""Reads and writes the outbox for couriers: in the committer thread for links, in a task under its lease for others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast, Now

from telemetry.models import Delivery, Lease
from telemetry.recording.batch import DeliveryDraft
from telemetry.recording.outcomes import Concluded, book, update_deliveries
from telemetry.recording.recorder import check_tokens
from telemetry.recording.transactions import brief_transaction

_EXPIRY_CHUNK = 1000
_PROPERTIES = Cast("properties", TextField())
_COLUMNS = ["said" if name == "properties" else name for name in DeliveryDraft._fields]
"""Rows, not models: they cost a third."""


def read_waiting(target: str, limit: int) -> list[DeliveryDraft]:
    """The oldest waiting Deliveries of a target, in id order."""
    return _drafts(_open(target)[:limit])


def _open(target: str, *, with_begun: bool = False) -> QuerySet[Delivery]:
    states = [Delivery.State.WAITING, Delivery.State.SENDING] if with_begun else [Delivery.State.WAITING]
    return Delivery.objects.filter(target=target, state__in=states).order_by("id")


def _drafts(rows: QuerySet[Delivery]) -> list[DeliveryDraft]:
    return [DeliveryDraft._make(row) for row in rows.annotate(said=_PROPERTIES).values_list(*_COLUMNS)]


def read_new(
    target: str, *, held: Collection[UUID], limit: int, with_begun: bool = False
) -> tuple[list[DeliveryDraft], bool]:
    """The oldest waiting Deliveries beyond those that are held, in id order; and whether these are all.

    `with_begun`: also writes in state `sending`. One that its courier does not hold was begun in a commit whose answer
    was lost, and never given to the link.
    """
    waiting = _open(target, with_begun=with_begun)
    if not held:
        drafts = _drafts(waiting[:limit])
        return drafts, len(drafts) < limit
    most = len(held) + limit
    ids = list(waiting.values_list("id", flat=True)[:most])
    new = [found for found in ids if found not in held][:limit]
    return _drafts(waiting.filter(id__in=new)) if new else [], len(ids) < most


def begin_writes(ids: Sequence[UUID], *, target: str, token: int | None) -> None:
    """Commit `sending` before the first byte goes out; raises LeaseLost if another worker holds the link by now."""
    with brief_transaction():
        check_tokens({} if token is None else {target: token})
        update_deliveries(ids, "state = 'sending'", [])


def recover_writes(target: str, *, may_repeat: bool, now: datetime) -> list[Concluded]:
    """A write found `sending` when its courier starts was cut short: it waits again, or for a person."""
    cut = list(Delivery.objects.filter(target=target, state=Delivery.State.SENDING).values_list("id", flat=True))
    with brief_transaction():
        if may_repeat:
            return update_deliveries(cut, "state = 'waiting'", [])
        reason = "the hub ended in the middle of this write: nobody knows what the device got"
        done_at = connection.ops.adapt_datetimefield_value(now)
        concluded = update_deliveries(cut, "state = 'unknown', reason = %s, done_at = %s", [reason, done_at])
        book(concluded)
        return concluded


def expire(now: datetime) -> list[Concluded]:
    """Settle the waiting Deliveries whose time is over."""
    overdue = Delivery.objects.filter(state=Delivery.State.WAITING, expires_at__lt=now)
    ids = list(overdue.order_by("id").values_list("id", flat=True)[:_EXPIRY_CHUNK])
    if not ids:
        return []
    with brief_transaction():
        done_at = connection.ops.adapt_datetimefield_value(now)
        concluded = update_deliveries(ids, "state = 'expired', reason = 'it waited too long', done_at = %s", [done_at])
        book(concluded)
        return concluded


def drop_excess(
    target: str, most: int, *, keeps_newest: bool, held: Collection[UUID], now: datetime
) -> list[Concluded]:
    """Settle waiting Deliveries beyond the `most` newest, or oldest, that are not held; a portion at a time."""
    waiting = Delivery.objects.filter(target=target, state=Delivery.State.WAITING)
    ids = waiting.order_by("-id" if keeps_newest else "id").values_list("id", flat=True)
    start = most if keeps_newest else most + len(held)  # what is held is the oldest
    excess = [found for found in ids[start : start + len(held) + _EXPIRY_CHUNK] if found not in held]
    if not excess:
        return []
    with brief_transaction():
        done_at = connection.ops.adapt_datetimefield_value(now)
        reason = f"dropped: more than {most} waiting"
        concluded = update_deliveries(sorted(excess), "state = 'expired', reason = %s, done_at = %s", [reason, done_at])
        book(concluded)
        return concluded


def held_elsewhere(links: Collection[str]) -> set[str]:
    """Those of these links that some worker holds."""
    if not links:
        return set()
    held = Lease.objects.filter(key__in=links, expires_at__gt=Now()).exclude(owner="")
    return set(held.values_list("key", flat=True))


def has_more(target: str, held: Collection[UUID]) -> bool:
    """Whether a target has waiting Deliveries beyond those that its courier holds."""
    waiting = Delivery.objects.filter(target=target, state=Delivery.State.WAITING).order_by("id")
    return any(found not in held for found in waiting.values_list("id", flat=True)[: len(held) + 1])
