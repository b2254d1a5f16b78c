"""Serial input on disk while the database is away: a serial device cannot be asked to send again.

One file a process, fsynced before the arrivals count as safe. What it holds is given back at the next start,
under the ids that it was spooled with, so that nothing is stored twice.
"""

from __future__ import annotations

import base64
import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson

from telemetry.values import Arrival, ArrivalKind

logger = logging.getLogger(__name__)

_SERIAL = "device:"


class Spool:
    """Appends serial arrivals to a file, and empties it when they are all committed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: set[tuple[str, int]] = set()

    def keep(self, arrivals: Iterable[Arrival]) -> None:
        """Write the serial ones among these that are not written yet."""
        new = [a for a in arrivals if a.link.startswith(_SERIAL) and (a.link, a.sequence) not in self._kept]
        if not new:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab") as file:
            file.writelines(_line(arrival) for arrival in new)
            file.flush()
            os.fsync(file.fileno())
        self._kept.update((arrival.link, arrival.sequence) for arrival in new)

    def forget(self, arrivals: Sequence[Arrival]) -> None:
        """These are committed. The file goes when nothing in it is missing any more."""
        if not self._kept:
            return
        self._kept.difference_update((arrival.link, arrival.sequence) for arrival in arrivals)
        if not self._kept:
            self._path.unlink(missing_ok=True)

    def left_over(self) -> list[Arrival]:
        """What an earlier process spooled and did not commit. A line that a crash cut short is left out."""
        if not self._path.exists():
            return []
        arrivals = list(_readable(self._path.read_bytes().splitlines()))
        self._kept = {(arrival.link, arrival.sequence) for arrival in arrivals}
        return arrivals


def _readable(lines: Iterable[bytes]) -> Iterator[Arrival]:
    for number, line in enumerate(lines, 1):
        try:
            yield _arrival(orjson.loads(line))
        except (ValueError, KeyError, TypeError):
            logger.warning("line %d of the spool cannot be read", number)


def _line(arrival: Arrival) -> bytes:
    return orjson.dumps(
        {
            "id": str(arrival.id),
            "link": arrival.link,
            "device": arrival.device,
            "kind": arrival.kind.value,
            "received_at": arrival.received_at,
            "sequence": arrival.sequence,
            "payload": base64.b64encode(arrival.payload).decode(),
            "properties": dict(arrival.properties),
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )


def _arrival(said: dict[str, Any]) -> Arrival:
    return Arrival(
        id=UUID(said["id"]),
        link=said["link"],
        device=said["device"],
        kind=ArrivalKind(said["kind"]),
        received_at=datetime.fromisoformat(said["received_at"]),
        sequence=-said["sequence"],
        payload=base64.b64decode(said["payload"], validate=True),
        properties=said["properties"],
    )
