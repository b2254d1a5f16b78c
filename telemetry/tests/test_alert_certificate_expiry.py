"""The alert for certificates that are about to expire."""

from __future__ import annotations

from datetime import timedelta

from telemetry.alerts.base import CertificateFact
from telemetry.alerts.kinds.certificate_expiry import CertificateExpiryAlert
from telemetry.tests.alert_world import NOW, MadeUpWorld


def found(*days_left: float) -> list[str]:
    facts = [CertificateFact("broker:plant", f"certificate {n}", NOW + timedelta(days=n)) for n in days_left]
    return [f.detail for f in CertificateExpiryAlert({"days": 21}).find(MadeUpWorld(certificates=facts), ())]


def test_one_that_expires_soon_is_told() -> None:
    assert found(22) == []
    assert found(20) == ["The certificate 20 of broker:plant expires in 20 days (2026-05-21)."]


def test_one_that_has_expired_is_told_as_that() -> None:
    assert found(-1) == ["The certificate -1 of broker:plant has expired (2026-04-30)."]


def test_of_several_the_first_to_expire_is_told() -> None:
    assert [text.partition(" of")[0] for text in found(20, 5, 90)] == ["The certificate 5"]
