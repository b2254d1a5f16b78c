"""The certificates that brokers and their clients use, for the alert that warns before one expires."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.x509 import Certificate, load_pem_x509_certificate, load_pem_x509_certificates

from bridges.models import Broker
from bridges.models.broker_checks import is_pem
from telemetry.alerts.base import CertificateFact
from telemetry.alerts.certificates import register_certificate_source

logger = logging.getLogger(__name__)

LOOK_AGAIN = timedelta(hours=6)
TIMEOUT_S = 3.0
_seen: dict[tuple[str, int], tuple[datetime, datetime | None]] = {}
"""By server: when it was looked at, and when its certificate expires."""


def certificates(now: datetime) -> Iterator[CertificateFact]:
    """Those of every enabled broker with TLS. At most one server is asked in a look."""
    for broker in Broker.objects.filter(is_enabled=True, tls_enabled=True).defer("password", "tls_key"):
        for what, given in (("CA certificate", broker.tls_ca), ("client certificate", broker.tls_certificate)):
            for certificate in _certificates_in(given):
                yield CertificateFact(broker.link_key, what, certificate.not_valid_after_utc)
    yield from _servers(now)


def _servers(now: datetime) -> Iterator[CertificateFact]:
    has_asked = False
    for broker in Broker.objects.filter(is_enabled=True, tls_enabled=True).only("name", "host", "port"):
        place = (broker.host, broker.port)
        asked_at, expires_at = _seen.get(place, (None, None))
        if not has_asked and (asked_at is None or not now - LOOK_AGAIN < asked_at <= now):
            has_asked = True
            expires_at = _expiry_at(place) or expires_at
            _seen[place] = (now, expires_at)
        if expires_at is not None:
            yield CertificateFact(broker.link_key, "server's certificate", expires_at)


def _expiry_at(place: tuple[str, int]) -> datetime | None:
    """Unverified: whoever is there, what it shows is what the link will see."""
    try:
        text = ssl.get_server_certificate(place, timeout=TIMEOUT_S)
        return load_pem_x509_certificate(text.encode()).not_valid_after_utc
    except (OSError, ValueError) as fault:
        logger.debug("no certificate of %s:%s: %s", *place, fault)
        return None


def _certificates_in(given: str) -> list[Certificate]:
    """PEM text, or a file that this host can read."""
    try:
        data = given.encode() if is_pem(given) else Path(given).read_bytes() if given else b""
        return load_pem_x509_certificates(data) if data else []
    except (OSError, ValueError):
        return []


def register() -> None:
    """Called once, when the app is ready."""
    register_certificate_source(certificates)
