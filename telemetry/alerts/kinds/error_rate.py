"""Too many messages or deliveries end as dead letters."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from telemetry.alerts.base import CLEAR, AlertKind, Finding, World
from telemetry.options import Option


class ErrorRateAlert(AlertKind):
    """Dead letters of the last minutes, by the source they came from or the target they were for."""

    name = "error-rate"
    label = "Error rate"
    help = "Messages or deliveries become dead letters"
    options = (
        Option(
            name="subject", kind=str, default="", label="Of", help="broker:NAME, device:NAME or packets; empty: all"
        ),
        Option(name="errors", kind=int, default=10, minimum=1, label="At least", help="So many errors"),
        Option(
            name="minutes", kind=float, default=5.0, minimum=0.5, maximum=1440, label="Within", help="So many minutes"
        ),
        CLEAR,
    )

    def find(self, world: World, standing: Collection[str]) -> Iterator[Finding]:
        """Those with too many."""
        for subject, count in sorted(world.errors(self.given["minutes"] * 60).items()):
            if subject == (self.given["subject"] or subject) and count >= self.given["errors"]:
                yield Finding(subject, f"{count:,} dead letters of {subject} in {self.given['minutes']:g} min.")
