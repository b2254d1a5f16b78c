"""Where configuration comes from beside the environment: `NAME_FILE` secrets, and what embedded mode makes itself."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from hub.keepsakes import keep

ROOT = Path(__file__).resolve().parent.parent


class ConfigFault(Exception):
    """One variable is wrong. The text is one line: which, what is wrong, how to mend it."""

    def __init__(self, variable: str, problem: str, cure: str) -> None:
        super().__init__(f"{variable} {problem}. {cure}".replace("\n", " "))
        self.variable = variable


def from_root(path: str | Path) -> Path:
    """`path`, where a relative one starts at the project's directory, whatever the process was started in."""
    return (ROOT / Path(path).expanduser()).resolve()


class _Source(PydanticBaseSettingsSource):
    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return None, field_name, False


class SecretFiles(_Source):
    """Reads a secret from the file that `NAME_FILE` names, as container platforms hand them out."""

    def __init__(self, settings_cls: type[BaseSettings], names: frozenset[str], environment: Mapping[str, str]) -> None:
        super().__init__(settings_cls)
        self.names = names
        self.environment = environment

    def __call__(self) -> dict[str, Any]:
        given = {name: self.environment.get(f"{name.upper()}_FILE", "") for name in self.names}
        return {name: self._read(name.upper(), path) for name, path in given.items() if path}

    def _read(self, variable: str, path: str) -> str:
        if self.environment.get(variable):
            raise ConfigFault(variable, f"is given twice, also as {variable}_FILE", "Take one of the two away.")
        try:
            return from_root(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as fault:
            reason = getattr(fault, "strerror", None) or "it is not text"
            cure = "Name a file that this user may read."
            raise ConfigFault(f"{variable}_FILE", f"cannot be read ({path}: {reason})", cure) from None


class MadeHere(_Source):
    """The lowest source: the instance id always, and all that embedded mode needs to start without a setting."""

    def __call__(self) -> dict[str, Any]:
        given = self.current_state
        data_dir = from_root(given.get("data_dir") or "data")
        made: dict[str, Callable[[], str]] = {
            "instance_id": lambda: keep(data_dir / "instance-id", lambda: uuid4().hex[:12])
        }
        if given.get("patchbay_mode", "embedded") == "embedded":
            made |= {
                "secret_key": lambda: keep(data_dir / "secret-key", lambda: secrets.token_urlsafe(50)),
                "field_encryption_key": lambda: keep(data_dir / "field-encryption-key", lambda: secrets.token_hex(32)),
                "database_url": lambda: f"sqlite:///{data_dir / 'hub.sqlite3'}",
                "redis_url": lambda: "redis://127.0.0.1:6379/0",
                "allowed_hosts": lambda: "localhost,127.0.0.1,[::1]",
            }
        try:
            return {name: make() for name, make in made.items() if name not in given}
        except OSError as fault:
            problem = f"cannot hold the hub's own files ({data_dir}: {fault.strerror})"
            raise ConfigFault("DATA_DIR", problem, "Set it to a directory that this user may write.") from None
