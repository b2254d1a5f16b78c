"""What tests ask of a hub's database: where links stand, what was stored, what became of deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hub.tests.system.databases import HubDatabase
from hub.tests.system.waiting import wait_for


def link_state(database: HubDatabase, key: str) -> str:
    """The state of a link; '' if nobody said one."""
    return str(database.value("SELECT state FROM telemetry_linkstatus WHERE key = %s", key) or "")


def link_words(database: HubDatabase, key: str) -> str:
    """State and detail of a link, for a person."""
    rows = database.rows("SELECT state, detail FROM telemetry_linkstatus WHERE key = %s", key)
    return ": ".join(rows[0]) if rows else ""


def connected_since(database: HubDatabase, key: str) -> Any:
    """Since when a link is connected."""
    return database.value("SELECT connected_since FROM telemetry_linkstatus WHERE key = %s", key)


def wait_until_connected(database: HubDatabase, *keys: str, within_s: float = 30.0) -> None:
    """Wait until these links are connected."""

    def states() -> dict[str, str]:
        return {key: link_words(database, key) for key in keys}

    def are_connected() -> bool:
        return all(words.startswith("connected") for words in states().values())

    try:
        wait_for(are_connected, within_s=within_s)
    except AssertionError:
        raise AssertionError(f"not connected within {within_s:g} s: {states()}") from None


def holder_pid(database: HubDatabase, key: str) -> int:
    """The process that has the lease of a link; 0 if nobody has it."""
    owner = str(database.value("SELECT owner FROM telemetry_lease WHERE key = %s", key) or "")
    return int(owner.split(":")[1]) if owner else 0


def wait_until_held(database: HubDatabase, pid: int, *keys: str, within_s: float = 30.0) -> None:
    """Wait until this process has the leases of these links and they are connected."""
    what = f"the process {pid} holds {', '.join(keys)}"
    wait_for(lambda: all(holder_pid(database, key) == pid for key in keys), within_s=within_s, what=what)
    workers = "SELECT worker FROM telemetry_linkstatus WHERE key = %s"
    wait_for(lambda: all(f":{pid}:" in str(database.value(workers, key)) for key in keys), within_s=within_s, what=what)
    wait_until_connected(database, *keys, within_s=within_s)


def payloads(database: HubDatabase, source: str, *, topic: str = "", duplicates: bool = False) -> list[bytes]:
    """The payloads of a source's messages in the order of their ids."""
    statement = "SELECT payload FROM telemetry_message WHERE source = %s AND kind = 'message'"
    values: list[Any] = [source]
    if topic:
        statement, values = f"{statement} AND topic = %s", [*values, topic]
    if not duplicates:
        statement += " AND duplicate_of IS NULL"
    return [bytes(payload) for payload in database.column(f"{statement} ORDER BY id", *values)]


def count_messages(database: HubDatabase, source: str, topic: str = "") -> int:
    """How many different payloads of a source and topic are stored."""
    statement = "SELECT count(DISTINCT payload) FROM telemetry_message WHERE source = %s AND kind = 'message'"
    if topic:
        return int(database.value(f"{statement} AND topic = %s", source, topic))
    return int(database.value(statement, source))


def deliveries(database: HubDatabase, target: str, state: str = "") -> list[tuple[bytes, str, str]]:
    """Payload, state and reason of a target's deliveries, in order of creation."""
    statement, values = "SELECT payload, state, reason FROM telemetry_delivery WHERE target = %s", [target]
    if state:
        statement, values = f"{statement} AND state = %s", [target, state]
    rows = database.rows(f"{statement} ORDER BY id", *values)
    return [(bytes(payload), found, reason) for payload, found, reason in rows]


def count_open(database: HubDatabase) -> int:
    """How many deliveries are waiting or being sent."""
    return int(database.value("SELECT count(*) FROM telemetry_delivery WHERE state IN ('waiting', 'sending')"))


def dead_letters(database: HubDatabase, *, topic: str = "") -> list[tuple[str, str]]:
    """Stage and reason of dead letters, oldest first."""
    statement, values = "SELECT stage, reason FROM telemetry_deadletter", []
    if topic:
        statement, values = f"{statement} WHERE topic = %s", [topic]
    return [(row[0], row[1]) for row in database.rows(f"{statement} ORDER BY id", *values)]


def now_of(database: HubDatabase) -> datetime | str:
    """The database's clock, to compare with its own times."""
    found: datetime | str = database.value("SELECT CURRENT_TIMESTAMP")
    return found


def overview(database: HubDatabase) -> str:
    """Links, queues and dead letters, to understand a failure by."""
    parts = {
        "links": "SELECT key, state, detail, last_error FROM telemetry_linkstatus ORDER BY key",
        "leases": "SELECT key, owner, token FROM telemetry_lease ORDER BY key",
        "messages": "SELECT source, topic, count(*) FROM telemetry_message GROUP BY source, topic",
        "deliveries": "SELECT target, state, count(*), max(reason) FROM telemetry_delivery GROUP BY target, state",
        "dead letters": "SELECT stage, rule, topic, reason FROM telemetry_deadletter ORDER BY id LIMIT 20",
    }
    return "\n".join(f"--- {name}\n" + "\n".join(map(str, database.rows(text))) for name, text in parts.items())
