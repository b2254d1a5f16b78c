"""A certificate that is about to expire."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from telemetry.alerts.base import CLEAR, AlertKind, CertificateFact, Finding, World, span
from telemetry.options import Option


class CertificateExpiryAlert(AlertKind):
    """The certificates of brokers: the server's own, those that are to be trusted, and the hub's."""

    name = "certificate-expiry"
    label = "Certificate expires"
    help = "A certificate of a broker will soon be invalid, or is"
    options = (
        Option(name="days", kind=float, default=21.0, minimum=0, maximum=3650, label="Less than", help="Days left"),
        CLEAR,
    )

    def find(self, world: World, standing: Collection[str]) -> Iterator[Finding]:
        """The one of each subject that expires first, if it does soon."""
        first: dict[str, CertificateFact] = {}
        for fact in sorted(world.certificates, key=lambda fact: fact.expires_at):
            first.setdefault(fact.subject, fact)
        for fact in first.values():
            left_s = (fact.expires_at - world.now).total_seconds()
            if left_s < self.given["days"] * 86_400:
                when = f"expires in {span(left_s)}" if left_s > 0 else "has expired"
                yield Finding(fact.subject, f"The {fact.what} of {fact.subject} {when} ({fact.expires_at:%Y-%m-%d}).")
