"""The contract of a codec: payload bytes to decoded values, with what it must remember handed in and out.

Pure: no Django, no clock, no I/O. A new codec is one new file in this package, its line in `registry.py`, and a
test file: `docs/guides/write-a-codec.md`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from telemetry.options import Option, check_options
from telemetry.values import Decoded, DecodeFault, Json

MAX_PAYLOAD_BYTES = 1_000_000
"""Larger payloads are not decoded: they become dead letters with this limit as the reason."""


def check_size(payload: bytes) -> None:
    """Raises DecodeFault for a payload beyond the limit."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise DecodeFault(f"the payload has {len(payload):,} bytes; the limit is {MAX_PAYLOAD_BYTES:,}")


@dataclass(frozen=True, slots=True)
class Incoming:
    """One payload as a codec sees it. `topic` is '' for REST and serial."""

    payload: bytes
    received_at: datetime
    topic: str = ""


class Codec(ABC):
    """Turns payloads into decoded values. One instance serves one Topic; it keeps no state of its own."""

    name: ClassVar[str]
    label: ClassVar[str]
    help: ClassVar[str] = ""
    options: ClassVar[Sequence[Option]] = ()
    is_stateful: ClassVar[bool] = False

    def __init__(self, given: Mapping[str, Any] | None = None) -> None:
        """Raises OptionFault for a wrong option."""
        self.given = check_options(self.options, given or {})

    @abstractmethod
    def decode(self, state: Json, incoming: Incoming) -> tuple[Json, Sequence[Decoded]]:
        """The next state and what this payload said (nothing, one or several); raises DecodeFault."""

    def flush(self, state: Json, now: datetime) -> tuple[Json, Sequence[Decoded]]:
        """What the state still held and is now overdue. Stateless codecs hold nothing."""
        return state, ()
