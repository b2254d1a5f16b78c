"""Devices that announced themselves: readings name them, and no Device row does."""

from __future__ import annotations

from telemetry.models import LatestReading


class SeenDevice(LatestReading):
    """A device that was seen and not adopted. One of its latest readings stands for it (see `devices.seen`).

    Nothing is stored for it: that traffic can make devices appear must not let traffic write configuration.
    """

    class Meta:
        proxy = True
        ordering = ["device"]
        verbose_name = "seen device"

    def __str__(self) -> str:
        return self.device
