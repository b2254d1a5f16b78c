"""Finds kinds of alert rules by name: the one list of them. A new kind is one file and one line here."""

from __future__ import annotations

from typing import Final

from telemetry.alerts.base import AlertKind
from telemetry.alerts.kinds.backlog import BacklogAlert
from telemetry.alerts.kinds.certificate_expiry import CertificateExpiryAlert
from telemetry.alerts.kinds.device_silent import DeviceSilentAlert
from telemetry.alerts.kinds.disk_free import DiskFreeAlert
from telemetry.alerts.kinds.error_rate import ErrorRateAlert
from telemetry.alerts.kinds.link_down import LinkDownAlert
from telemetry.alerts.kinds.value_range import ValueRangeAlert

_ALL: Final[tuple[type[AlertKind], ...]] = (
    LinkDownAlert,
    DeviceSilentAlert,
    ValueRangeAlert,
    BacklogAlert,
    ErrorRateAlert,
    DiskFreeAlert,
    CertificateExpiryAlert,
)

ALERT_KINDS: Final[dict[str, type[AlertKind]]] = {kind.name: kind for kind in _ALL}


class UnknownAlertKind(ValueError):
    """There is no kind of that name."""


def alert_kind_named(name: str) -> type[AlertKind]:
    """The kind's class; raises UnknownAlertKind."""
    if name not in ALERT_KINDS:
        raise UnknownAlertKind(f"there is no kind of alert {name!r}; known are {', '.join(ALERT_KINDS)}")
    return ALERT_KINDS[name]
