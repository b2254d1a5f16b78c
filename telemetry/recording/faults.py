"""Why a Recorder undid its transaction, apart from the database's own errors. Pure: no Django."""

from __future__ import annotations


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
