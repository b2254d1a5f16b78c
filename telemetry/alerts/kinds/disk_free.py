"""A disk that fills up."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from telemetry.alerts.base import CLEAR, AlertKind, Finding, World
from telemetry.options import Option

_GOOD_SHARE = 1.1
_GIGABYTE = 1e9


class DiskFreeAlert(AlertKind):
    """The disk under DATA_DIR, on each host where a process of the hub runs."""

    name = "disk-free"
    label = "Disk full"
    help = "Little is left on the disk of a host"
    options = (
        Option(
            name="percent", kind=float, default=10.0, minimum=0.1, maximum=99, label="Less than", help="Per cent free"
        ),
        CLEAR,
    )

    def find(self, world: World, standing: Collection[str]) -> Iterator[Finding]:
        """Those below; one with a standing alert must have a tenth more than that."""
        for disk in world.disks:
            if not disk.total_bytes:
                continue
            subject, free = f"host:{disk.host}", 100 * disk.free_bytes / disk.total_bytes
            if free < self.given["percent"] * (_GOOD_SHARE if subject in standing else 1):
                size = disk.free_bytes / _GIGABYTE
                yield Finding(subject, f"{free:.1f} % ({size:.1f} GB) are free on {disk.host}.")
