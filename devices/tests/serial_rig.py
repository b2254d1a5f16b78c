"""Builds serial links on pseudo-terminals for the tests, and stops them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

from devices.serial.link import SerialLink
from devices.serial.settings import SerialSettings
from devices.tests.recording_host import RecordingHost
from simulators.pseudo_terminal import PseudoTerminal
from telemetry.values import Outgoing


@contextmanager
def running(
    port: str | Path,
    host: RecordingHost,
    *,
    driver: str = "lines",
    options: dict[str, Any] | None = None,
    **settings: Any,
) -> Iterator[SerialLink]:
    """A started link `device:scale`, stopped at the end."""
    link = SerialLink(
        "device:scale",
        SerialSettings(port=str(port), **settings),
        driver_name=driver,
        driver_options=options or {},
        host=host,
    )
    link.start()
    try:
        yield link
    finally:
        link.stop(5.0)


def outgoing(payload: bytes, **properties: str) -> Outgoing:
    """One write."""
    return Outgoing(id=uuid4(), payload=payload, properties=properties)


def read_until(terminal: PseudoTerminal, size: int, timeout_s: float = 5.0) -> bytes:
    """What the device gets: at least `size` bytes if they come in time."""
    data, until = b"", monotonic() + timeout_s
    while len(data) < size and monotonic() < until:
        data += terminal.read(0.05)
    return data
