"""Who may install a pack: whoever may add and change all that it makes. Keys go by their scope."""

from __future__ import annotations

from typing import Any, Final

from bridges.packs.pack import Pack

_MODELS: Final = {
    "brokers": "bridges.{}_broker",
    "devices": "devices.{}_device",
    "topics": "bridges.{}_topic",
    "tickets": "devices.{}_tickettemplate",
    "rules": "bridges.{}_rule",
    "meter_defaults": "bridges.{}_meterdefaults",
    "alerts": "telemetry.{}_alertrule",
}


def missing_rights(pack: Pack, user: Any) -> list[str]:
    """The permissions that this user lacks to install the pack."""
    sections = list(pack.config) + ["brokers"] * any(setting.kind == "broker" for setting in pack.settings)
    wanted = [_MODELS[section].format(act) for section in sections for act in ("add", "change")]
    return [name for name in dict.fromkeys(wanted) if not user.has_perm(name)]
