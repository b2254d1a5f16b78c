"""Whether a hub's ledger balances, and agrees with the rows that it counts."""

from __future__ import annotations

from typing import Any

from hub.tests.system.databases import HubDatabase
from hub.tests.system.waiting import wait_for

_COLUMNS = (
    "received", "stored", "passed", "duplicate", "dead", "dropped",
    "created", "delivered", "refused", "expired", "unknown",
)  # fmt: skip
_SUMS = ", ".join(f"sum({name})" for name in _COLUMNS)
_STATE_OF = {"delivered": "delivered", "refused": "dead", "expired": "expired", "unknown": "unknown"}


def ledger(database: HubDatabase) -> dict[str, dict[str, int]]:
    """The counters of each link over all hours."""
    rows = database.rows(f"SELECT link, {_SUMS} FROM telemetry_ledgerentry GROUP BY link ORDER BY link")
    return {row[0]: dict(zip(_COLUMNS, map(int, row[1:]), strict=True)) for row in rows}


def imbalances(database: HubDatabase) -> list[str]:
    """What does not add up, in words; [] if everything does."""
    found = []
    for link, counts in ledger(database).items():
        stored = _messages(database, link, "fault = '' AND duplicate_of IS NULL")
        dead = _messages(database, link, "fault <> ''") + _buried(database, link)
        outcome = counts["stored"] + counts["passed"] + counts["duplicate"] + counts["dead"] + counts["dropped"]
        settled = sum(counts[name] for name in _STATE_OF)
        states = _states(database, link)
        waiting = states.get("waiting", 0) + states.get("sending", 0)
        claims: dict[str, tuple[Any, Any]] = {
            "received = stored + passed + duplicate + dead + dropped": (counts["received"], outcome),
            "stored = messages without fault": (counts["stored"], stored),
            "dead = messages with a fault and buried ones": (counts["dead"], dead),
            "created = settled + waiting": (counts["created"], settled + waiting),
            "created = deliveries": (counts["created"], sum(states.values())),
            **{
                f"{name} = deliveries {state}": (counts[name], states.get(state, 0))
                for name, state in _STATE_OF.items()
            },
        }
        found += [f"{link}: {claim}: {one} and {other}" for claim, (one, other) in claims.items() if one != other]
    return found


def assert_ledger_balances(database: HubDatabase) -> None:
    """Wait until nothing is under way, then the books must be right."""
    assert ledger(database), "the ledger is empty"
    try:
        wait_for(lambda: not imbalances(database), within_s=5.0)
    except AssertionError:
        raise AssertionError("the ledger does not balance:\n" + "\n".join(imbalances(database))) from None


def _messages(database: HubDatabase, link: str, condition: str) -> int:
    return int(database.value(f"SELECT count(*) FROM telemetry_message WHERE source = %s AND {condition}", link))


def _buried(database: HubDatabase, link: str) -> int:
    return int(database.value("SELECT count(*) FROM telemetry_deadletter WHERE source = %s AND stage = 'record'", link))


def _states(database: HubDatabase, target: str) -> dict[str, int]:
    rows = database.rows("SELECT state, count(*) FROM telemetry_delivery WHERE target = %s GROUP BY state", target)
    return {row[0]: int(row[1]) for row in rows}
