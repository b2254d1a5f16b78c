"""Turns a database URL into the entry that Django wants. Pure: it opens nothing and imports nothing of ours."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

SQLITE_BUSY_S = 20
POSTGRES_CONNECT_S = 5
POSTGRES_SCHEMES = ("postgresql", "postgres")


def database_settings(url: str) -> dict[str, Any]:
    """The value of `DATABASES["default"]` for `url`; raises ValueError with a text that shows no password."""
    scheme = url.partition(":")[0].lower()
    if scheme == "sqlite":
        return _sqlite(url)
    if scheme in POSTGRES_SCHEMES:
        return _postgresql(url)
    raise ValueError("must start with sqlite:/// or postgresql://")


def _sqlite(url: str) -> dict[str, Any]:
    prefix = "sqlite:///"
    path = unquote(url.removeprefix(prefix).partition("?")[0])
    if not url.lower().startswith(prefix) or not path or path == ":memory:":
        raise ValueError("names no file (two processes cannot share a database in memory)")
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {
            "timeout": SQLITE_BUSY_S,
            "transaction_mode": "IMMEDIATE",
            # NORMAL can lose committed rows at a power cut (measured), and we acknowledge after the commit.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
        },
    }


def _postgresql(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise ValueError("has a port that is not a number from 0 to 65535") from None
    name = unquote(parts.path.removeprefix("/"))
    if not name or "/" in name:
        raise ValueError("names no database after the host")
    options: dict[str, Any] = {"connect_timeout": POSTGRES_CONNECT_S, "application_name": "patchbay"}
    options.update(parse_qsl(parts.query, keep_blank_values=True))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }
