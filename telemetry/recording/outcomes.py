"""Writes what became of Deliveries, and books it. A settled one never changes again, but for one that went out late."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from telemetry.ids import hour_in
from telemetry.models import Delivery
from telemetry.recording.batch import LedgerKey
from telemetry.recording.counters import add_ledger
from telemetry.recording.statements import Script, as_id, as_time, chunks, id_of, marks_for
from telemetry.values import Outcome, Verdict

MAX_DISCONNECTS = 3
"""A Delivery in flight at this many abnormal disconnects is a dead letter: it may be what breaks the link."""


@dataclass(frozen=True, slots=True)
class Concluded:
    """A Delivery whose state a transaction changed."""

    id: UUID
    target: str
    state: str
    reason: str


def conclude(outcomes: Sequence[Outcome], at: datetime) -> list[Concluded]:
    """Write what became of Deliveries; answers those that changed (a settled one never does again)."""
    groups: dict[tuple[Verdict, str, bool], list[UUID]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.verdict, outcome.reason, outcome.is_abnormal].append(outcome.id)
    concluded: list[Concluded] = []
    for (verdict, reason, is_abnormal), ids in groups.items():
        concluded += _CONCLUSIONS[verdict](ids, reason, is_abnormal, at)
    return concluded


def update_deliveries(
    ids: Sequence[UUID], assignments: str, values: Sequence[Any], *, where: str = "state IN ('waiting', 'sending')"
) -> list[Concluded]:
    """Change open Deliveries (or others, by `where`) by id; answers those that were."""
    changed: list[Concluded] = []
    with connection.cursor() as cursor:
        for chunk in chunks(ids):
            cursor.execute(
                f"UPDATE telemetry_delivery SET {assignments} WHERE id IN ({marks_for(chunk)})"
                f" AND {where} RETURNING id, target, state, reason",
                [*values, *map(as_id, chunk)],
            )
            changed += [Concluded(id_of(row[0]), *row[1:]) for row in cursor.fetchall()]
    return changed


_BOOKED_AS = {"delivered": "delivered", "dead": "refused", "expired": "expired", "unknown": "unknown"}


def booked(concluded: Iterable[Concluded]) -> Counter[LedgerKey]:
    """The ledger entries of settled Deliveries."""
    return Counter(
        LedgerKey(item.target, hour_in(item.id), _BOOKED_AS[item.state])
        for item in concluded
        if item.state in _BOOKED_AS
    )


def book(concluded: Iterable[Concluded]) -> None:
    """Write the ledger entries of settled Deliveries, in the caller's transaction."""
    write_ledger(booked(concluded))


def take_back(concluded: Iterable[Concluded]) -> None:
    """Take the ledger entries of settled Deliveries away again, in the caller's transaction."""
    write_ledger(Counter({key: -count for key, count in booked(concluded).items()}))


def write_ledger(ledger: Mapping[LedgerKey, int]) -> None:
    """Add these counts to the ledger, in the caller's transaction."""
    script = Script()
    add_ledger(script, ledger)
    script.run()


def _settle(state: str) -> Callable[[list[UUID], str, bool, datetime], list[Concluded]]:
    def settle(ids: list[UUID], reason: str, is_abnormal: bool, at: datetime) -> list[Concluded]:
        return update_deliveries(ids, "state = %s, done_at = %s, reason = %s", [state, as_time(at), reason])

    return settle


def _give_back(ids: list[UUID], reason: str, is_abnormal: bool, at: datetime) -> list[Concluded]:
    if not is_abnormal:
        return update_deliveries(ids, "state = 'waiting', reason = %s", [reason])
    dead = f"in flight at {MAX_DISCONNECTS} abnormal disconnects; the last: {reason}"
    return update_deliveries(
        ids,
        f"state = CASE WHEN disconnects + 1 >= {MAX_DISCONNECTS} THEN 'dead' ELSE 'waiting' END,"
        f" reason = CASE WHEN disconnects + 1 >= {MAX_DISCONNECTS} THEN %s ELSE %s END,"
        f" done_at = CASE WHEN disconnects + 1 >= {MAX_DISCONNECTS} THEN %s ELSE NULL END,"
        " disconnects = disconnects + 1",
        [dead, reason, as_time(at)],
    )


def _deliver(ids: list[UUID], reason: str, is_abnormal: bool, at: datetime) -> list[Concluded]:
    """Also what expired in the database while it was in flight: what went out went out.

    Not a part of a batch: it does not go out, and its batch is undone if somebody else settled it.
    """
    assignments, values = "state = 'delivered', done_at = %s, reason = %s", [as_time(at), reason]
    changed = update_deliveries(ids, assignments, values)
    if len(changed) < len(ids):
        missed = sorted(set(ids) - {item.id for item in changed})
        late = update_deliveries(missed, assignments, values, where="state = 'expired' AND kind <> 'batch'")
        take_back(replace(item, state="expired") for item in late)
        changed += late
    return changed


_CONCLUSIONS = {
    Verdict.DELIVERED: _deliver,
    Verdict.REFUSED: _settle(Delivery.State.DEAD.value),
    Verdict.UNKNOWN: _settle(Delivery.State.UNKNOWN.value),
    Verdict.RETURNED: _give_back,
}
