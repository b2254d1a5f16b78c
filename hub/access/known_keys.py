"""Keys that were checked a moment ago, so that not every request asks the database.

A revoked key is refused after `TTL_S` at the latest. Only digests are kept in memory, never the keys.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

from hub.access.models import ApiKey
from hub.access.scopes import expand

TTL_S = 3.0
MOST_KEYS = 2_000
LAST_USED_GRAIN = timedelta(minutes=10)
KEY_FORM = re.compile(r"[A-Za-z0-9]{8}\.[A-Za-z0-9]{32}")


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A valid key, as views see it (`request.auth`)."""

    prefix: str
    name: str
    scopes: frozenset[str]
    expires_at: datetime | None

    @property
    def owner(self) -> str:
        """Its stable name in the hub's own records."""
        return f"key:{self.prefix}"


class KnownKeys:
    """Remembers for some seconds what `find` said about a key, be it good or bad."""

    def __init__(self, find: Callable[[str], KnownKey | None], clock: Callable[[], float] = time.monotonic) -> None:
        self._find = find
        self._clock = clock
        self._answers: dict[bytes, tuple[float, KnownKey | None]] = {}

    def get(self, key: str) -> KnownKey | None:
        """The valid key with this text, or None."""
        if not KEY_FORM.fullmatch(key):
            return None
        digest = blake2b(key.encode(), digest_size=16).digest()
        found = self._answers.get(digest)
        if found is None or self._clock() - found[0] > TTL_S:
            if len(self._answers) >= MOST_KEYS:
                self._answers.clear()
            found = self._answers[digest] = (self._clock(), self._find(key))
        known = found[1]
        return None if known and known.expires_at and known.expires_at < datetime.now(UTC) else known

    def forget(self) -> None:
        """Ask the database again for every key."""
        self._answers.clear()


def find_key(key: str) -> KnownKey | None:
    """Ask the database for a usable key; notes that it was used."""
    try:
        row: Any = ApiKey.objects.get_from_key(key)
    except ApiKey.DoesNotExist:
        return None
    now = datetime.now(UTC)
    if row.last_used_at is None or now - row.last_used_at > LAST_USED_GRAIN:
        ApiKey.objects.filter(pk=row.pk).update(last_used_at=now)
    return KnownKey(row.prefix, row.name, expand(row.scopes), row.expiry_date)


known_keys = KnownKeys(find_key)
