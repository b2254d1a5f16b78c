"""Notes when Home Assistant started, among the states of codecs: with the message that said so. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from bridges.discovery.names import ONLINE, Names

_PREFIX: Final = "home-assistant:"


def birth_name(link: str) -> str:
    """The name under which the database keeps the last start at a broker."""
    return f"{_PREFIX}{link}"


def is_birth(names: Names, topic: str, payload: bytes) -> bool:
    """Whether a message says that Home Assistant has started."""
    return topic in names.births and payload.strip() == ONLINE


def noted(at: datetime) -> bytes:
    """The note."""
    return at.isoformat().encode()


def births_of(links: Iterable[str], states: Mapping[str, bytes]) -> dict[str, str]:
    """By link, when Home Assistant last started; '' if it was never seen to."""
    return {link: states.get(birth_name(link), b"").decode("ascii", "replace") for link in links}
