"""Writes one Batch in one transaction, and tells what came of it. The bulk inserts differ per database.

Each thread that commits has a Recorder of its own: the committer of a process, the message processor, the keepers of
meters and of discovery. Link threads have none. Nothing is retried here: the caller decides by the error.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import ModuleType

from django.db import connection, transaction

from telemetry.processes.gauges import gauges
from telemetry.recording import postgresql, sqlite
from telemetry.recording.batch import Batch
from telemetry.recording.counters import add_ledger, add_rule_counts
from telemetry.recording.faults import KeyInUse, LeaseLost
from telemetry.recording.outcomes import Concluded, booked, conclude
from telemetry.recording.statements import Script, as_id, as_time, chunks, marks_for
from telemetry.recording.statuses import add_last_messages, write_link_state

log = logging.getLogger(__name__)


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
        started_at = time.perf_counter()
        with postgresql.naming_lost_connections(), transaction.atomic():
            recorded = Recorded(self._write(batch))
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
                [self.committer, as_time(datetime.now(UTC))],
            )
            return bool(cursor.fetchone()[0] == self.number)

    def _write(self, batch: Batch) -> list[Concluded]:
        """A batch of a few messages is one script: one round trip. Any other holds its leases from the start.

        All batches touch the tables in this order, and rows in that of their keys: processes never lock crosswise.
        """
        bulk, script, tokens = _bulk(), Script(), batch.tokens
        if batch.outcomes or batch.reports or batch.idempotency or bulk.is_many(batch):
            check_tokens(tokens)
            tokens = {}
        for report in sorted(batch.reports, key=lambda report: report.link):
            write_link_state(report, at=batch.at)
        add_last_messages(script, batch.last_message_at)
        bulk.add_history(script, batch)
        bulk.add_latest(script, batch.latest.values())
        _add_packet_ids(script, batch)
        _add_codec_states(script, batch.codec_states)
        add_rule_counts(script, batch.rule_counts, errors=batch.rule_errors, at=batch.at)
        self._add_mark(script, batch.at)
        _claim_keys(batch)
        concluded = conclude(batch.outcomes, batch.at)
        add_ledger(script, batch.ledger + booked(concluded))
        _finish(script, tokens)
        return concluded

    def _add_mark(self, script: Script, at: datetime) -> None:
        script.insert(
            "telemetry_commitmark",
            ("committer", "number", "at"),
            [[self.committer, self.number, as_time(at)]],
            then="ON CONFLICT (committer) DO UPDATE SET number = excluded.number, at = excluded.at",
        )


def check_tokens(tokens: Mapping[str, int]) -> None:
    """Hold these leases until the end of the caller's transaction; raises LeaseLost."""
    _finish(Script(), tokens)


def _finish(script: Script, tokens: Mapping[str, int]) -> None:
    """Run a script, and hold the leases of these tokens until the end of the transaction; raises LeaseLost."""
    if tokens:
        _bulk().add_tokens(script, sorted(tokens))
    rows = script.run()
    held = {row[0]: row[1] for row in rows} if tokens else {}
    if lost := frozenset(key for key in tokens if held.get(key) != tokens[key]):
        raise LeaseLost(lost)


def _claim_keys(batch: Batch) -> None:
    if not batch.idempotency:
        return
    rows = sorted((draft.owner, draft.key, draft.digest, draft.answer, draft.created_at) for draft in batch.idempotency)
    with connection.cursor() as cursor:
        marks = ", ".join(["(%s, %s, %s, %s, %s)"] * len(rows))
        cursor.execute(
            f"INSERT INTO telemetry_idempotencykey (owner, key, digest, answer, created_at) VALUES {marks}"
            " ON CONFLICT (owner, key) DO NOTHING RETURNING owner, key",
            [value for row in rows for value in (*row[:4], as_time(row[4]))],
        )
        claimed = set(cursor.fetchall())
    if in_use := {row[:2] for row in rows} - claimed:
        raise KeyInUse(frozenset(in_use))


def _add_packet_ids(script: Script, batch: Batch) -> None:
    script.insert(
        "telemetry_unreleasedpacket",
        ("link", "packet_id", "message_id"),
        [[link, packet_id, as_id(message)] for link, packet_id, message in batch.unreleased],
        then="ON CONFLICT (link, packet_id) DO UPDATE SET message_id = excluded.message_id",
    )
    released: dict[str, list[int]] = defaultdict(list)
    for link, packet_id in batch.releases:
        released[link].append(packet_id)
    for link, packet_ids in released.items():
        for chunk in chunks(packet_ids):
            script.add(
                f"DELETE FROM telemetry_unreleasedpacket WHERE link = %s AND packet_id IN ({marks_for(chunk)})",
                [link, *chunk],
            )


def _add_codec_states(script: Script, states: Mapping[str, bytes]) -> None:
    script.insert(
        "telemetry_codecstate",
        ("topic_name", "state"),
        sorted(states.items()),
        then="ON CONFLICT (topic_name) DO UPDATE SET state = excluded.state",
    )


def _bulk() -> ModuleType:
    return postgresql if connection.vendor == "postgresql" else sqlite


def _counts(batch: Batch) -> dict[str, int]:
    """What a batch holds, for the log."""
    return {
        "messages": len(batch.messages),
        "readings": len(batch.readings),
        "deliveries": len(batch.deliveries),
        "outcomes": len(batch.outcomes),
        "dead_letters": len(batch.dead_letters),
    }
