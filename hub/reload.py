"""Reads the environment and `.env` again and applies in this process what can change while it runs.

Nothing else of the configuration is touched; what needs a restart is named in the answer.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from hub.config import RATES, Config, load
from hub.logging import set_level

AT_ONCE = frozenset(
    {"process_interval", "log_level", "scripts_dir", "allowed_hosts", "mqtt_publish_topic"}
    | {f"rate_limit_{scope}" for scope in RATES}
)
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Reloaded:
    """Which variables changed, by name only: a value may be a secret."""

    applied: tuple[str, ...]
    needs_restart: tuple[str, ...]


def reload_environment() -> Reloaded:
    """Apply what changed since the start or the last call; raises ConfigFault and then changes nothing."""
    with _lock:
        before: Config = settings.CONFIG
        now = load()
        changed = {name for name in Config.model_fields if getattr(now, name) != getattr(before, name)}
        applied = changed & AT_ONCE
        _apply(now)
        # What waits for a restart stays as it was, so that the next answer names it again.
        settings.CONFIG = before.model_copy(update={name: getattr(now, name) for name in applied})
        return Reloaded(_variables(applied), _variables(changed - AT_ONCE))


def _apply(config: Config) -> None:
    set_level(config.log_level.value)
    values: dict[str, Any] = {
        "PATCHBAY_PROCESS_INTERVAL": config.process_interval,
        "PATCHBAY_SCRIPTS_DIR": config.scripts_path,
        "PATCHBAY_MQTT_PUBLISH_TOPIC": config.mqtt_publish_topic,
        "PATCHBAY_RATES": config.rates,
    }
    for name, value in values.items():
        setattr(settings, name, value)
    settings.ALLOWED_HOSTS[:] = config.allowed_hosts  # in place: the WebSocket side holds this list


def _variables(names: set[str]) -> tuple[str, ...]:
    return tuple(sorted(name.upper() for name in names))
