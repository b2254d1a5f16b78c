"""Where log lines go and how they look: one server.log for all processes, and the console. No secret passes it."""

from __future__ import annotations

import logging
import time
from typing import Any

from hub.config import Config
from telemetry.redaction import redact

LINE = "%(asctime)s %(levelname)-7s %(name)s [%(process)d] %(message)s"


class RedactingFormatter(logging.Formatter):
    """Formats a line in UTC and takes secrets out of all of it, the traceback as well."""

    converter = staticmethod(time.gmtime)
    default_msec_format = "%s.%03dZ"
    default_time_format = "%Y-%m-%dT%H:%M:%S"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        line = super().formatMessage(record)
        link = getattr(record, "link", "")
        return f"{line} link={link}" if link else line

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def logging_settings(config: Config) -> dict[str, Any]:
    """Django's LOGGING."""
    handlers: dict[str, Any] = {"console": {"class": "logging.StreamHandler", "formatter": "line"}}
    if config.log_path:
        handlers["file"] = _file_handler(config)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": RedactingFormatter, "format": LINE}},
        "handlers": handlers,
        "root": {"handlers": list(handlers), "level": config.log_level.value},
        # Django gives its loggers handlers of their own in development; everything goes through ours.
        "loggers": {name: {"handlers": [], "propagate": True} for name in ("django", "django.server")},
    }


def set_level(level: str) -> None:
    """Change how much is logged while the process runs."""
    logging.getLogger().setLevel(level)


def _file_handler(config: Config) -> dict[str, Any]:
    return {
        # The standard rotating handler loses lines when several processes share a file (measured).
        "class": "concurrent_log_handler.ConcurrentRotatingFileHandler",
        "filename": str(config.log_path),
        "maxBytes": config.log_max_bytes,
        "backupCount": config.log_backups,
        "encoding": "utf-8",
        "formatter": "line",
    }
