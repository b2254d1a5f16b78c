"""A device that says nothing for much longer than it usually does."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from telemetry.alerts.base import CLEAR, AlertKind, DeviceFact, Finding, World, span
from telemetry.options import Option


class DeviceSilentAlert(AlertKind):
    """Silence is measured against the device's own habit: the median time between its latest messages."""

    name = "device-silent"
    label = "Device silent"
    help = "A device says nothing for some times its usual interval"
    options = (
        Option(name="device", kind=str, default="", label="Device", help="Its name; empty: every configured one"),
        Option(name="times", kind=float, default=5.0, minimum=1.5, maximum=10_000, label="Times its usual interval"),
        Option(
            name="minimum_s",
            kind=float,
            default=60.0,
            minimum=1,
            maximum=2_592_000,
            label="At least",
            help="Seconds; a shorter silence is never told, nor one of a device without a habit",
        ),
        CLEAR,
    )

    def find(self, world: World, standing: Collection[str]) -> Iterator[Finding]:
        """Those that are silent. What was not heard while the hub was off is not held against a device."""
        for device in world.devices:
            if device.name != (self.given["device"] or device.name) or not device.heard_at:
                continue
            subject = f"device:{device.name}"
            since = device.heard_at if subject in standing else max(device.heard_at, world.watched_since)
            limit_s = self._limit_s(device)
            if limit_s is not None and (world.now - since).total_seconds() > limit_s:
                silent = span((world.now - device.heard_at).total_seconds())
                yield Finding(subject, f"{device.name} has said nothing for {silent}; usual are {_usual(device)}.")

    def _limit_s(self, device: DeviceFact) -> float | None:
        if device.usual_s is None:
            return None
        return max(float(self.given["minimum_s"]), float(self.given["times"]) * device.usual_s)


def _usual(device: DeviceFact) -> str:
    return (
        f"{device.usual_s:.1f} s" if device.usual_s is not None and device.usual_s < 10 else span(device.usual_s or 0)
    )
