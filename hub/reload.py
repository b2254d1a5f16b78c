"""Reads the environment and `.env` again and applies in this process what can change while it runs.

Nothing else of the configuration is touched; what needs a restart is named in the answer.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Set
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from hub.config import RATES, Config, load
from hub.config_sources import ConfigFault
from hub.logging import set_level
from telemetry.processes.reporter import Reread

log = logging.getLogger(__name__)

AT_ONCE = frozenset(
    {
        "allowed_hosts",
        "cors_allowed_origins",
        "log_access",
        "log_level",
        "metrics_public",
        "process_interval",
        "retention_days",
        "scripts_dir",
    }
    | {f"rate_limit_{scope}" for scope in RATES}
)
AT_FIRST_START = frozenset({"mqtt_url", "mqtt_subscribe_topic", "mqtt_publish_topic"})
"""Made into rows once; whoever wants to change what came of them changes the rows."""
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
        _apply(now, applied)
        # What waits for a restart stays as it was, so that the next answer names it again.
        settings.CONFIG = before.model_copy(update={name: getattr(now, name) for name in applied})
        return Reloaded(_variables(applied), _variables(changed - AT_ONCE - AT_FIRST_START))


def reread() -> Reread:
    """The same for a process that is asked along with all others: a fault is an answer."""
    try:
        done = reload_environment()
    except ConfigFault as fault:
        log.error("the environment was read again, and is wrong: %s", fault)
        return Reread(fault=str(fault))
    log.info("the environment was read again", extra={"applied": done.applied, "needs_restart": done.needs_restart})
    return Reread(done.applied, done.needs_restart)


def _apply(config: Config, changed: Set[str]) -> None:
    if "log_level" in changed:
        set_level(config.log_level.value)
    if "allowed_hosts" in changed:
        settings.ALLOWED_HOSTS[:] = config.allowed_hosts  # in place: the WebSocket side holds this list
    values: dict[str, Any] = {
        "CORS_ALLOWED_ORIGINS": list(config.cors_allowed_origins),
        "PATCHBAY_LOG_ACCESS": config.log_access.value,
        "PATCHBAY_METRICS_PUBLIC": config.metrics_public,
        "PATCHBAY_PROCESS_INTERVAL": config.process_interval,
        "PATCHBAY_RATES": config.rates,
        "PATCHBAY_RETENTION_DAYS": config.retention_days,
        "PATCHBAY_SCRIPTS_DIR": config.scripts_path,
    }
    for name, value in values.items():
        setattr(settings, name, value)


def _variables(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(name.upper() for name in names))
