"""A broker or serial device that the hub cannot reach."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from telemetry.alerts.base import CLEAR, AlertKind, Finding, World, lasting
from telemetry.options import Option

_GOOD = frozenset({"connected", "disabled"})


class LinkDownAlert(AlertKind):
    """A link that is neither connected nor disabled."""

    name = "link-down"
    label = "Link down"
    help = "A broker or a serial port is not connected"
    options = (
        Option(name="link", kind=str, default="", label="Link", help="broker:NAME or device:NAME; empty: every one"),
        lasting(60.0),
        CLEAR,
    )

    def find(self, world: World, standing: Collection[str]) -> Iterator[Finding]:
        """Those that are down now."""
        for link in world.links:
            if link.key == (self.given["link"] or link.key) and link.state not in _GOOD:
                yield Finding(link.key, f"{link.key} is {link.state}. {link.detail}".strip())
