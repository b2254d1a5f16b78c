"""What a start of the embedded hub needs in the database: its tables, someone who may log in, and the demo."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection

from bridges.config_file.importer import import_config
from bridges.models import Broker, Rule
from devices.models import Device

ADMIN = "admin"
DEMO_FILE = Path(__file__).parent / "demo.yaml"


@dataclass(frozen=True, slots=True)
class Login:
    """Who may log in. `password` is '' once the person has chosen another."""

    name: str
    password: str


def prepare_database() -> None:
    """Make or change the tables."""
    if connection.vendor == "sqlite" and sqlite3.sqlite_version_info < (3, 35):
        raise RuntimeError(f"SQLite {sqlite3.sqlite_version} is too old: 3.35 or newer is needed.")
    call_command("migrate", interactive=False, verbosity=0)


def prepare_login(data_dir: Path) -> Login:
    """The administrator of the first start, with the password that was made for it and is kept beside the data."""
    kept = data_dir / "admin-password"
    users = get_user_model()._default_manager
    if not users.exists():
        password = secrets.token_urlsafe(9)
        kept.touch(mode=0o600)
        kept.write_text(password + "\n")
        users.create_superuser(ADMIN, password=password)
    admin = users.filter(username=ADMIN).first()
    password = kept.read_text().strip() if kept.exists() else ""
    return Login(ADMIN, password if admin is not None and password and admin.check_password(password) else "")


def is_empty() -> bool:
    """Whether nothing is configured yet."""
    return not (Broker.objects.exists() or Device.objects.exists() or Rule.objects.exists())


def install_demo(places: Mapping[str, str]) -> None:
    """Bring in the demo's configuration; `places` says where its ports and brokers are."""
    text = Template(DEMO_FILE.read_text()).substitute(places)
    import_config(text.encode(), prune=False, force=False, dry_run=False)


def move_demo_brokers(ports: Mapping[str, int], *, protocol: int) -> None:
    """The demo's brokers listen elsewhere than last time, because their ports were taken."""
    for name, port in ports.items():
        Broker.objects.filter(name=name, host="127.0.0.1").exclude(port=port, protocol=protocol).update(
            port=port, protocol=protocol
        )
