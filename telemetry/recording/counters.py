"""Writes the counters that a transaction adds to: the ledger of each link and hour, and what each rule did.

Rows are written in the order of their keys: two processes never lock crosswise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from telemetry.recording.batch import LedgerKey
from telemetry.recording.statements import Script, as_time

_LEDGER_COLUMNS = (
    "received", "stored", "passed", "duplicate", "dead", "dropped",
    "created", "delivered", "refused", "expired", "unknown",
)  # fmt: skip
_RULE_COLUMNS = ("matched", "unmatched", "missing", "failed", "looped")


def add_ledger(script: Script, ledger: Mapping[LedgerKey, int]) -> None:
    """Add these counts to the ledger."""
    rows: dict[tuple[str, datetime], dict[str, int]] = defaultdict(dict)
    for key, count in ledger.items():
        rows[key.link, key.hour][key.column] = count
    script.insert(
        "telemetry_ledgerentry",
        ("link", "hour", *_LEDGER_COLUMNS),
        [
            [link, as_time(hour), *(counts.get(name, 0) for name in _LEDGER_COLUMNS)]
            for (link, hour), counts in sorted(rows.items())
        ],
        then=f"ON CONFLICT (link, hour) DO UPDATE SET {_sums('telemetry_ledgerentry', _LEDGER_COLUMNS)}",
    )


def add_rule_counts(
    script: Script, counted: Mapping[tuple[str, str], int], *, errors: Mapping[str, str], at: datetime
) -> None:
    """Add what rules did, by (rule, column), and keep the last error of each."""
    rows: dict[str, dict[str, int]] = defaultdict(dict)
    for (rule, column), count in counted.items():
        rows[rule][column] = count
    script.insert(
        "telemetry_rulecount",
        ("rule", *_RULE_COLUMNS, "last_error"),
        [[rule, *(counts.get(name, 0) for name in _RULE_COLUMNS), ""] for rule, counts in sorted(rows.items())],
        then=f"ON CONFLICT (rule) DO UPDATE SET {_sums('telemetry_rulecount', _RULE_COLUMNS)}",
    )
    for rule, error in sorted(errors.items()):
        script.add(
            "UPDATE telemetry_rulecount SET last_error = %s, last_error_at = %s WHERE rule = %s",
            [error, as_time(at), rule],
        )


def _sums(table: str, columns: tuple[str, ...]) -> str:
    return ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in columns)
