"""Serial input on disk while the database is away: a serial device cannot be asked to send again.

Each process has a file of its own, locked while it lives and fsynced before the arrivals count as safe. What a dead
process left is given back at the next start, under the ids that it was spooled with, so that nothing is stored twice.
"""

from __future__ import annotations

import base64
import errno
import fcntl
import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

import orjson

from telemetry.ids import new_id
from telemetry.values import Arrival, ArrivalKind

logger = logging.getLogger(__name__)

_SERIAL = "device:"


@dataclass(slots=True)
class _File:
    """A file that this process has locked, and what of it is not committed yet."""

    path: Path
    handle: BinaryIO
    missing: set[UUID] = field(default_factory=set)

    def append(self, lines: Sequence[bytes]) -> None:
        """All of them, or none: a torn line would spoil the one behind it."""
        size = self.handle.seek(0, os.SEEK_END)
        try:
            data = b"".join(lines)
            if self.handle.write(data) < len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self.handle.fileno())
        except OSError:
            self.handle.truncate(size)
            raise

    def remove(self) -> None:
        """Nothing in it is missing any more."""
        self.path.unlink(missing_ok=True)
        self.handle.close()


class Spool:
    """Appends serial arrivals to this process's file in `directory`, and removes it when they are all committed."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._kept: set[UUID] = set()
        self._own: _File | None = None
        self._inherited: list[_File] = []
        self._is_failing = False

    def keep(self, arrivals: Iterable[Arrival]) -> None:
        """Write the serial ones among these that are not written yet. Without room on the disk memory has to do."""
        new = {a.id: a for a in arrivals if a.id is not None and a.link.startswith(_SERIAL) and a.id not in self._kept}
        if not new:
            return
        try:
            if self._own is None:
                self._own = self._made()
            self._own.append([_line(arrival) for arrival in new.values()])
        except OSError as error:
            if not self._is_failing:
                logger.error("serial input cannot be spooled and would be lost with the process: %s", error)
            self._is_failing = True
            return
        self._is_failing = False
        self._own.missing.update(new)
        self._kept.update(new)

    def forget(self, arrivals: Sequence[Arrival]) -> None:
        """These are committed. A file goes when nothing in it is missing any more."""
        if not self._kept:
            return
        ids = {arrival.id for arrival in arrivals if arrival.id is not None}
        self._kept -= ids
        for file in [*self._inherited, *([self._own] if self._own else ())]:
            file.missing -= ids
            if not file.missing:
                file.remove()
                self._own = None if file is self._own else self._own
        self._inherited = [file for file in self._inherited if file.missing]

    def left_over(self) -> list[Arrival]:
        """What dead processes spooled and did not commit, the oldest first. A line that a crash cut is left out."""
        found: dict[UUID | None, Arrival] = {}
        for path in sorted(self._directory.glob("*.jsonl")):
            if (file := _locked(path)) is None:
                continue  # its process lives
            arrivals = {arrival.id: arrival for arrival in _readable(file.handle.read().splitlines())}
            file.missing = {key for key in arrivals if key is not None}
            if file.missing:
                self._inherited.append(file)
            else:
                file.remove()
            found |= arrivals
        self._kept.update(key for key in found if key is not None)
        return sorted(found.values(), key=lambda arrival: str(arrival.id))

    def _made(self) -> _File:
        """A file under a new name: an old one may be in the hands of another process."""
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._directory / f"{new_id()}.jsonl"
        handle = path.open("xb", buffering=0)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if not path.exists():  # a starting process found it empty, and removed it before it was locked
            handle.close()
            return self._made()
        return _File(path, handle)


def _locked(path: Path) -> _File | None:
    try:
        handle = path.open("rb")
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        handle.close()
        return None
    return _File(path, handle)


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
