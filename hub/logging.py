"""Where log lines go and how they look: one server.log for all processes, and the console. No secret passes it."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from hub.config import Config
from telemetry.redaction import MASK, redact

LINE = "%(asctime)s %(levelname)-7s %(name)s [%(process)d] %(message)s"
_OWN = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {"message", "asctime", "taskName"}
_PLAIN = (str, int, float, bool, UUID, datetime)


class RedactingFormatter(logging.Formatter):
    """Formats a line in UTC, its context as `name=value` behind it, and takes secrets out of all of it."""

    converter = staticmethod(time.gmtime)
    default_msec_format = "%s.%03dZ"
    default_time_format = "%Y-%m-%dT%H:%M:%S"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the name is logging's
        fields = "".join(f" {name}={_said(value)}" for name, value in context_of(record))
        # What a device or a client sent must not look like a line of its own.
        return (super().formatMessage(record) + fields).replace("\r", "\\r").replace("\n", "\\n")

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class JsonFormatter(RedactingFormatter):
    """One JSON object a line, with the context as fields of its own."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": redact(record.getMessage()),
        }
        for name, value in context_of(record):
            line.setdefault(name, _redacted(name, value))
        if record.exc_info:
            line["exception"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


def context_of(record: logging.LogRecord) -> Iterator[tuple[str, Any]]:
    """What the caller gave as `extra`, as far as it is plain."""
    for name, value in record.__dict__.items():
        if name in _OWN or name.startswith("_") or value in ("", None, ()):
            continue
        if isinstance(value, _PLAIN):
            yield name, value
        elif isinstance(value, (list, tuple, set, frozenset)) and all(isinstance(part, _PLAIN) for part in value):
            yield name, ",".join(map(str, value))


def logging_settings(config: Config) -> dict[str, Any]:
    """Django's LOGGING."""
    console = "json" if config.log_json else "line"
    handlers: dict[str, Any] = {"console": {"class": "logging.StreamHandler", "formatter": console}}
    if config.log_json:
        handlers["console"]["stream"] = "ext://sys.stdout"
    if config.log_path:
        handlers["file"] = _file_handler(config)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": RedactingFormatter, "format": LINE}, "json": {"()": JsonFormatter}},
        "handlers": handlers,
        "root": {"handlers": list(handlers), "level": config.log_level.value},
        # Django gives its loggers handlers of their own in development; everything goes through ours.
        "loggers": {name: {"handlers": [], "propagate": True} for name in ("django", "django.server")}
        | {name: {"level": "WARNING"} for name in _NOISY},
    }


_NOISY = (
    "asyncio",
    "daphne.http_protocol",
    "daphne.ws_protocol",
    "urllib3",
    "requests",
    "apprise",
    "redis",
    "celery.beat",
    "celery.app.trace",  # two lines for each task: what a task does is told by what it does
    "celery.worker.strategy",
)
"""Others' loggers whose lines tell of our requests, addresses and tasks a second time."""


def set_level(level: str) -> None:
    """Change how much is logged while the process runs."""
    logging.getLogger().setLevel(level)


def _said(value: Any) -> str:
    text = str(value)
    return json.dumps(text, ensure_ascii=False) if any(c.isspace() or c in '"=' for c in text) else text


def _redacted(name: str, value: Any) -> Any:
    if isinstance(value, (bool, int, float)):
        return value
    is_secret = redact(f"{name}=x") != f"{name}=x"
    return MASK if is_secret else redact(str(value))


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
