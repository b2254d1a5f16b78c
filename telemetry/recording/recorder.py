"""Writes one Batch in one transaction, and tells what came of it. The bulk inserts differ per database.

Only the committer thread of a process calls this. Nothing is retried here: the caller decides by the error.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from telemetry.ids import hour_in
from telemetry.models import Delivery, UnreleasedPacket
from telemetry.processes.gauges import gauges
from telemetry.recording import postgresql, sqlite
from telemetry.recording.batch import Batch, LedgerKey
from telemetry.recording.statuses import write_link_states
from telemetry.values import Outcome, Verdict

log = logging.getLogger(__name__)

MAX_DISCONNECTS = 3
"""A Delivery in flight at this many abnormal disconnects is a dead letter: it may be what breaks the link."""

_CHUNK = 500
_LEDGER_COLUMNS = (
    "received", "stored", "duplicate", "dead", "dropped", "created", "delivered", "refused", "expired", "unknown",
)  # fmt: skip
_RULE_COLUMNS = ("matched", "unmatched", "missing", "failed", "looped")


class LeaseLost(Exception):
    """Another worker holds these links now: nothing of them may be committed. The transaction is undone."""

    def __init__(self, links: frozenset[str]) -> None:
        super().__init__(f"another worker holds {', '.join(sorted(links))}")
        self.links = links


class KeyInUse(Exception):
    """These idempotency keys were committed by someone else first. The transaction is undone."""

    def __init__(self, keys: frozenset[tuple[str, str]]) -> None:
        super().__init__("an idempotency key is in use")
        self.keys = keys


@dataclass(frozen=True, slots=True)
class Concluded:
    """A Delivery whose state a batch changed."""

    id: UUID
    target: str
    state: str
    reason: str


@dataclass(slots=True)
class Recorded:
    """What the transaction changed beyond what was handed in."""

    concluded: list[Concluded] = field(default_factory=list)


class Recorder:
    """Writes batches under one committer's name, numbering them so that an open COMMIT can be settled."""

    def __init__(self, committer: str) -> None:
        self.committer = committer
        self.number = 0

    def record(self, batch: Batch) -> Recorded:
        """Write the batch; raises LeaseLost, KeyInUse, or the database's own error."""
        self.number += 1
        recorded = Recorded()
        started_at = time.perf_counter()
        with postgresql.naming_lost_connections(), transaction.atomic():
            check_tokens(batch.tokens)
            _claim_keys(batch)
            bulk = postgresql if connection.vendor == "postgresql" else sqlite
            bulk.insert_history(batch)
            bulk.upsert_latest(batch.latest.values())
            _write_packet_ids(batch)
            _write_codec_states(batch.codec_states)
            recorded.concluded = conclude(batch.outcomes, batch.at)
            _write_ledger(batch.ledger + _booked(recorded.concluded))
            _write_rule_counts(batch)
            write_link_states(batch)
            self._mark(batch.at)
        took_s = time.perf_counter() - started_at
        gauges.note_commit(took_s)
        if log.isEnabledFor(logging.DEBUG):
            log.debug("committed", extra=_counts(batch) | {"ms": round(took_s * 1000, 1)})
        return recorded

    def is_committed(self) -> bool:
        """Whether the last batch is in, after an error that left it open.

        It writes the mark as it is, and so waits for a COMMIT that the server is still busy with.
        """
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO telemetry_commitmark (committer, number, at) VALUES (%s, -1, %s)"
                " ON CONFLICT (committer) DO UPDATE SET number = telemetry_commitmark.number RETURNING number",
                [self.committer, _db_time(datetime.now(UTC))],
            )
            return bool(cursor.fetchone()[0] == self.number)

    def _mark(self, at: datetime) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO telemetry_commitmark (committer, number, at) VALUES (%s, %s, %s)"
                " ON CONFLICT (committer) DO UPDATE SET number = excluded.number, at = excluded.at",
                [self.committer, self.number, _db_time(at)],
            )


def _counts(batch: Batch) -> dict[str, int]:
    """What a batch holds, for the log."""
    return {
        "messages": len(batch.messages),
        "readings": len(batch.readings),
        "deliveries": len(batch.deliveries),
        "outcomes": len(batch.outcomes),
        "dead_letters": len(batch.dead_letters),
    }


def conclude(outcomes: Sequence[Outcome], at: datetime) -> list[Concluded]:
    """Write what became of Deliveries; answers those that changed (a settled one never does again)."""
    groups: dict[tuple[Verdict, str, bool], list[UUID]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.verdict, outcome.reason, outcome.is_abnormal].append(outcome.id)
    concluded: list[Concluded] = []
    for (verdict, reason, is_abnormal), ids in groups.items():
        concluded += _CONCLUSIONS[verdict](ids, reason, is_abnormal, at)
    return concluded


def _settle(state: str) -> Callable[[list[UUID], str, bool, datetime], list[Concluded]]:
    def settle(ids: list[UUID], reason: str, is_abnormal: bool, at: datetime) -> list[Concluded]:
        return update_deliveries(ids, "state = %s, done_at = %s, reason = %s", [state, _db_time(at), reason])

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
        [dead, reason, _db_time(at)],
    )


def _deliver(ids: list[UUID], reason: str, is_abnormal: bool, at: datetime) -> list[Concluded]:
    """Also what expired in the database while it was in flight: what went out went out.

    Not a part of a batch: it does not go out, and its batch is undone if somebody else settled it.
    """
    assignments, values = "state = 'delivered', done_at = %s, reason = %s", [_db_time(at), reason]
    changed = update_deliveries(ids, assignments, values)
    if len(changed) < len(ids):
        missed = sorted(set(ids) - {item.id for item in changed})
        late = update_deliveries(missed, assignments, values, where="state = 'expired' AND kind <> 'batch'")
        _write_ledger(Counter({key._replace(column="expired"): -n for key, n in _booked(late).items()}))
        changed += late
    return changed


_CONCLUSIONS = {
    Verdict.DELIVERED: _deliver,
    Verdict.REFUSED: _settle(Delivery.State.DEAD.value),
    Verdict.UNKNOWN: _settle(Delivery.State.UNKNOWN.value),
    Verdict.RETURNED: _give_back,
}


def update_deliveries(
    ids: Sequence[UUID], assignments: str, values: Sequence[Any], *, where: str = "state IN ('waiting', 'sending')"
) -> list[Concluded]:
    """Change open Deliveries (or others, by `where`) by id; answers those that were."""
    changed: list[Concluded] = []
    with connection.cursor() as cursor:
        for chunk in _chunks(ids):
            marks = ", ".join(["%s"] * len(chunk))
            cursor.execute(
                f"UPDATE telemetry_delivery SET {assignments} WHERE id IN ({marks})"
                f" AND {where} RETURNING id, target, state, reason",
                [*values, *map(_db_id, chunk)],
            )
            changed += [Concluded(_uuid(row[0]), *row[1:]) for row in cursor.fetchall()]
    return changed


_BOOKED_AS = {"delivered": "delivered", "dead": "refused", "expired": "expired", "unknown": "unknown"}


def _booked(concluded: Iterable[Concluded]) -> Counter[LedgerKey]:
    return Counter(
        LedgerKey(item.target, hour_in(item.id), _BOOKED_AS[item.state])
        for item in concluded
        if item.state in _BOOKED_AS
    )


def book(concluded: Iterable[Concluded]) -> None:
    """Write the ledger entries of settled Deliveries, in the caller's transaction."""
    _write_ledger(_booked(concluded))


def _write_ledger(ledger: Mapping[LedgerKey, int]) -> None:
    rows: dict[tuple[str, datetime], dict[str, int]] = defaultdict(dict)
    for key, count in ledger.items():
        rows[key.link, key.hour][key.column] = count
    names = ", ".join(_LEDGER_COLUMNS)
    sums = ", ".join(f"{name} = telemetry_ledgerentry.{name} + excluded.{name}" for name in _LEDGER_COLUMNS)
    marks = ", ".join(["%s"] * (len(_LEDGER_COLUMNS) + 2))
    _execute_each(
        f"INSERT INTO telemetry_ledgerentry (link, hour, {names}) VALUES ({marks})"
        f" ON CONFLICT (link, hour) DO UPDATE SET {sums}",
        [
            [link, _db_time(hour), *(counts.get(name, 0) for name in _LEDGER_COLUMNS)]
            for (link, hour), counts in sorted(rows.items())
        ],
    )


def _write_rule_counts(batch: Batch) -> None:
    rows: dict[str, dict[str, int]] = defaultdict(dict)
    for (rule, column), count in batch.rule_counts.items():
        rows[rule][column] = count
    names = ", ".join(_RULE_COLUMNS)
    sums = ", ".join(f"{name} = telemetry_rulecount.{name} + excluded.{name}" for name in _RULE_COLUMNS)
    _execute_each(
        f"INSERT INTO telemetry_rulecount (rule, {names}, last_error) VALUES (%s, %s, %s, %s, %s, %s, '')"
        f" ON CONFLICT (rule) DO UPDATE SET {sums}",
        [[rule, *(counts.get(name, 0) for name in _RULE_COLUMNS)] for rule, counts in sorted(rows.items())],
    )
    _execute_each(
        "UPDATE telemetry_rulecount SET last_error = %s, last_error_at = %s WHERE rule = %s",
        [[error, _db_time(batch.at), rule] for rule, error in sorted(batch.rule_errors.items())],
    )


def check_tokens(tokens: Mapping[str, int]) -> None:
    """Hold these leases until the end of the caller's transaction; raises LeaseLost."""
    if not tokens:
        return
    keys = sorted(tokens)
    held = postgresql.lock_tokens(keys) if connection.vendor == "postgresql" else sqlite.read_tokens(keys)
    lost = frozenset(key for key in keys if held.get(key) != tokens[key])
    if lost:
        raise LeaseLost(lost)


def _claim_keys(batch: Batch) -> None:
    in_use = set()
    with connection.cursor() as cursor:
        for draft in batch.idempotency:
            cursor.execute(
                "INSERT INTO telemetry_idempotencykey (owner, key, digest, answer, created_at)"
                " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (owner, key) DO NOTHING RETURNING key",
                [draft.owner, draft.key, draft.digest, draft.answer, _db_time(draft.created_at)],
            )
            if cursor.fetchone() is None:
                in_use.add((draft.owner, draft.key))
    if in_use:
        raise KeyInUse(frozenset(in_use))


def _write_packet_ids(batch: Batch) -> None:
    _execute_each(
        "INSERT INTO telemetry_unreleasedpacket (link, packet_id, message_id) VALUES (%s, %s, %s)"
        " ON CONFLICT (link, packet_id) DO UPDATE SET message_id = excluded.message_id",
        [[link, packet_id, _db_id(message)] for link, packet_id, message in batch.unreleased],
    )
    released: dict[str, list[int]] = defaultdict(list)
    for link, packet_id in batch.releases:
        released[link].append(packet_id)
    for link, packet_ids in released.items():
        for chunk in _chunks(packet_ids):
            UnreleasedPacket.objects.filter(link=link, packet_id__in=chunk).delete()


def _write_codec_states(states: Mapping[str, bytes]) -> None:
    _execute_each(
        "INSERT INTO telemetry_codecstate (topic_name, state) VALUES (%s, %s)"
        " ON CONFLICT (topic_name) DO UPDATE SET state = excluded.state",
        [[name, state] for name, state in sorted(states.items())],
    )


def _execute_each(statement: str, rows: Sequence[Sequence[Any]]) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        if len(rows) == 1:  # psycopg opens a pipeline for more
            cursor.execute(statement, rows[0])
        else:
            cursor.executemany(statement, rows)


def _chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]


def _db_time(value: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(value)


def _db_id(value: UUID) -> Any:
    return value if connection.features.has_native_uuid_field else value.hex


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)
