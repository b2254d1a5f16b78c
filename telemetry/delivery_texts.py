"""What the payload of a Delivery says to a person, where its bytes are not what a person would read.

The apps above know the languages of devices, so that none has to be written here. Pure.
"""

from __future__ import annotations

from collections.abc import Callable

from telemetry.payload_text import TEXT_LIMIT, readable

_readers: list[Callable[[bytes], str | None]] = []


def register_delivery_text(reader: Callable[[bytes], str | None]) -> None:
    """Have `reader` asked first what is written to a device says; it answers None if it does not know."""
    if reader not in _readers:
        _readers.append(reader)


def delivery_text(target: str, payload: bytes | memoryview) -> tuple[str, bool]:
    """As `readable`, but what is written to a device in a language that somebody knows stands there in words."""
    if target.startswith("device:"):
        data = bytes(payload)
        for reader in _readers:
            if (text := reader(data)) is not None:
                return text[:TEXT_LIMIT], False
    return readable(payload)
