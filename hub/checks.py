"""What Django checks before the hub starts: each finding has an id, and a hint that says how to mend it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connection

SHARED_WRITE = 0o022
OTHERS_READ = 0o077
KEPT_SECRETS = ("secret-key", "field-encryption-key")


@register("patchbay")
def check_directories(**_: Any) -> Iterable[CheckMessage]:
    """The hub can write where it must."""
    data_dir: Path = settings.PATCHBAY_DATA_DIR
    if not _is_writable(data_dir):
        hint = "Set DATA_DIR to a directory that this user may write, or change its owner."
        yield Error(f"DATA_DIR ({data_dir}) is not a directory that can be written.", hint=hint, id="patchbay.E001")
    log_file: Path | None = settings.PATCHBAY_LOG_FILE
    if log_file and not _is_writable(log_file.parent):
        hint = "Set LOG_FILE to a file in a directory that this user may write, or to - for the console only."
        yield Error(f"LOG_FILE ({log_file}) cannot be written.", hint=hint, id="patchbay.E002")


@register("patchbay")
def check_production(**_: Any) -> Iterable[CheckMessage]:
    """What works, but is not wise in production."""
    if not settings.PATCHBAY_IS_PRODUCTION:
        return
    if connection.vendor == "sqlite":
        hint = "Set DATABASE_URL to a postgresql:// address."
        yield Warning("SQLite in production: one writer, one host.", hint=hint, id="patchbay.W001")
    if "*" in settings.ALLOWED_HOSTS:
        hint = "Set ALLOWED_HOSTS to the names under which the hub is reached."
        yield Warning("ALLOWED_HOSTS allows every host name.", hint=hint, id="patchbay.W003")
    if not settings.SESSION_COOKIE_SECURE:
        hint = "Serve the hub over HTTPS and take SECURE_COOKIES=false away."
        yield Warning("Session cookies travel without HTTPS.", hint=hint, id="patchbay.W004")


@register("patchbay")
def check_first_rows(**_: Any) -> Iterable[CheckMessage]:
    """Topics of the first start need the broker that they belong to."""
    topics = settings.PATCHBAY_MQTT_SUBSCRIBE_TOPIC or settings.PATCHBAY_MQTT_PUBLISH_TOPIC
    if topics and not settings.PATCHBAY_MQTT_URL:
        hint = "Set MQTT_URL to mqtt://USER:PASSWORD@HOST:PORT."
        yield Warning("MQTT topics are set, but no broker: nothing is made of them.", hint=hint, id="patchbay.W007")


@register(Tags.staticfiles)
def check_ui(**_: Any) -> Iterable[CheckMessage]:
    """The browser application was built."""
    if not (settings.PATCHBAY_UI_DIR / ".vite" / "manifest.json").is_file():
        hint = "Run `make setup`, which builds it."
        yield Warning(
            "The user interface is not built; only the API and the admin work.", hint=hint, id="patchbay.W002"
        )


@register(Tags.security)
def check_files_are_ours_alone(**_: Any) -> Iterable[CheckMessage]:
    """Nobody else can read the kept secrets or change the scripts that rules run."""
    for path in (settings.PATCHBAY_DATA_DIR / name for name in KEPT_SECRETS):
        if _has_mode(path, OTHERS_READ):
            hint = f"Run: chmod 600 {path}"
            yield Warning(f"{path} can be read by other users.", hint=hint, id="patchbay.W005")
    scripts: Path = settings.PATCHBAY_SCRIPTS_DIR
    if _has_mode(scripts, SHARED_WRITE):
        hint = f"Run: chmod go-w {scripts}"
        yield Warning(f"SCRIPTS_DIR ({scripts}) can be written by other users.", hint=hint, id="patchbay.W006")


def _is_writable(directory: Path) -> bool:
    """Whether files can be made in it, or it could be made itself."""
    nearest = next(path for path in (directory, *directory.parents) if path.exists())
    return nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)


def _has_mode(path: Path, bits: int) -> bool:
    return path.exists() and bool(path.stat().st_mode & bits)
