"""Messages that a hub published twice: killed before it had written down that the broker has them, it sends them again.

MQTT cannot tell, for they come under new packet ids. They carry the stable id of their Delivery, and by that they are
known. Pure.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import TypeAlias
from uuid import UUID

from telemetry.values import Arrival

LIMIT = 500
"""How many are remembered of a link: as many as a hub has on their way at once."""
_KEY_BYTES, _ID_BYTES = 8, 16

Twins: TypeAlias = OrderedDict[bytes, UUID]
"""The ids of messages by what tells their publications apart, the oldest first."""


def twin_key(arrival: Arrival) -> bytes | None:
    """What tells a hub's publication from every other; None for what no hub published, and for retained ones.

    The Topics belong to it: a broker may send one publication once for each of two subscriptions that match.
    """
    given = arrival.properties
    if "hub" not in given or "id" not in given or arrival.retain:
        return None
    words = "\0".join((given["hub"], given["id"], *arrival.topics))
    return hashlib.blake2b(words.encode("utf-8", "replace"), digest_size=_KEY_BYTES).digest()


def twins_name(link: str) -> str:
    """The name under which the database keeps those of a link, among the states of codecs."""
    return f"twins:{link}"


def with_new(known: Mapping[bytes, UUID], new: Mapping[bytes, UUID]) -> Twins:
    """Both, without the oldest."""
    merged: Twins = OrderedDict([*known.items(), *new.items()])
    while len(merged) > LIMIT:
        merged.popitem(last=False)
    return merged


def packed(twins: Mapping[bytes, UUID]) -> bytes:
    """As the database keeps them."""
    return b"".join(key + message.bytes for key, message in twins.items())


def unpacked(data: bytes) -> Twins:
    """What `packed` made of them."""
    size = _KEY_BYTES + _ID_BYTES
    parts: Iterable[bytes] = (data[at : at + size] for at in range(0, len(data) - size + 1, size))
    return OrderedDict((part[:_KEY_BYTES], UUID(bytes=part[_KEY_BYTES:])) for part in parts)
