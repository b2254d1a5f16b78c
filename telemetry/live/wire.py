"""What travels over Redis between the processes of one hub: batches of events, and wake-ups.

Pure but for the options of a connection. An origin is one publisher's life; it numbers its batches from 1, so a
reader that sees a number left out knows that it missed something.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from redis.backoff import NoBackoff
from redis.connection import parse_url
from redis.retry import Retry

from telemetry.live.events import Event

CONFIG_WAKE = "config"
"""The wake-up that tells every process to look at the configuration version."""


@dataclass(frozen=True, slots=True)
class Channels:
    """The pub/sub channels of one hub. Redis does not divide channels by database number, so the name does."""

    live: str
    wake: str

    @classmethod
    def of(cls, redis_url: str) -> Channels:
        """The channels for this address."""
        number = parse_url(redis_url).get("db", 0)  # type: ignore[no-untyped-call]
        suffix = f":{number}" if number else ""
        return cls(f"patchbay:live{suffix}", f"patchbay:wake{suffix}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One message on the live channel."""

    origin: str
    number: int
    events: list[Event]
    skipped: int = 0  # events left out by thinning; history has them
    is_after_loss: bool = False  # something before it was lost for good


def encode_batch(origin: str, number: int, *, events: Sequence[bytes], skipped: int, is_after_loss: bool) -> bytes:
    """The batch as bytes; the events are encoded already."""
    head = orjson.dumps({"origin": origin, "n": number, "skipped": skipped, "lost": is_after_loss})
    return head[:-1] + b',"events":[' + b",".join(events) + b"]}"


def decode_batch(data: bytes) -> Batch:
    """The batch in these bytes; raises ValueError."""
    value = orjson.loads(data)
    try:
        batch = Batch(
            origin=str(value["origin"]),
            number=int(value["n"]),
            events=list(value["events"]),
            skipped=int(value["skipped"]),
            is_after_loss=bool(value["lost"]),
        )
    except (KeyError, TypeError) as fault:
        raise ValueError(f"not a batch of live events: {fault!r}") from fault
    if not all(isinstance(event, dict) and "kind" in event for event in batch.events):
        raise ValueError("not live events")
    return batch


def encode_wake(targets: Collection[str]) -> bytes:
    """The wake-up as bytes."""
    return orjson.dumps(sorted(targets))


def decode_wake(data: bytes) -> frozenset[str]:
    """The targets of a wake-up; raises ValueError."""
    value = orjson.loads(data)
    if value == CONFIG_WAKE:
        return frozenset({CONFIG_WAKE})
    if not isinstance(value, list) or not all(isinstance(target, str) for target in value):
        raise ValueError("not a wake-up")
    return frozenset(value)


def connection_options(retries: int = 0) -> dict[str, Any]:
    """How to connect: no hidden retries and no long waits, so that the caller knows at once when Redis is away."""
    return {
        "socket_connect_timeout": 1.0,
        "socket_timeout": 2.0,
        "socket_keepalive": True,
        "retry": Retry(NoBackoff(), retries),
        "protocol": 2,
    }
