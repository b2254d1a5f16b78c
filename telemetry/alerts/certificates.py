"""The certificates that are in use. The apps that use some register themselves here, so that telemetry need not
know them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeAlias

from telemetry.alerts.base import CertificateFact

CertificateSource: TypeAlias = Callable[[datetime], Iterable[CertificateFact]]

_sources: list[CertificateSource] = []


def register_certificate_source(source: CertificateSource) -> None:
    """Ask `source` for its certificates, with the time now; it may read the database and ask a server now and then."""
    if source not in _sources:
        _sources.append(source)


def certificates_in_use(now: datetime) -> list[CertificateFact]:
    """Every certificate."""
    return [fact for source in _sources for fact in source(now)]
