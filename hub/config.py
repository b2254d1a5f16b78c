"""The hub's typed configuration: every variable it reads, from the environment, `.env` and `NAME_FILE` secrets.

It imports nothing of the apps, and no Django: settings are made from it, never the other way round.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from dotenv import dotenv_values
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, DotEnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from hub.config_sources import ConfigFault, MadeHere, SecretFiles, from_root
from hub.config_values import (
    DatabaseAddress,
    Hosts,
    Key,
    Keys,
    MqttAddress,
    MqttFilter,
    MqttTopic,
    Origins,
    Rate,
    RedisAddress,
)

SECRETS = frozenset(
    {"database_url", "redis_url", "secret_key", "secret_key_fallbacks", "field_encryption_key", "mqtt_url"}
)
RATES = ("read", "submit", "command", "configure", "admin", "anonymous", "login")
EXIT_CODE = 2


class Mode(StrEnum):
    EMBEDDED = "embedded"
    PRODUCTION = "production"


class LogLevel(StrEnum):
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"


class AccessLevel(StrEnum):
    DEBUG = "DEBUG"
    INFO = "INFO"
    OFF = "OFF"


Level = Annotated[LogLevel, BeforeValidator(lambda value: str(value).upper())]
Access = Annotated[AccessLevel, BeforeValidator(lambda value: str(value).upper())]
Directory = Annotated[Path, BeforeValidator(from_root)]


class Config(BaseSettings):
    """Each field is the variable of the same name in capitals. Its description completes "Set NAME to ..."."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True)

    patchbay_mode: Mode = Field(Mode.EMBEDDED, description="embedded or production")
    patchbay_demo: bool = Field(False, description="true while the demo runs, so that the page says so")
    debug: bool = Field(False, description="true or false; in production it stays false")
    data_dir: Directory = Field(Path("data"), validate_default=True, description="a directory that the hub may write")
    site: str = Field(
        "main",
        pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$",
        description="the name of the place whose serial ports this process can reach, in a-z, 0-9, - and _",
    )
    instance_id: str = Field(
        pattern=r"^[A-Za-z0-9_-]{1,32}$",
        description="up to 32 letters, digits, - and _ that are the same on every host of one hub",
    )

    secret_key: Key = Field(description="at least 32 random characters that only the hub knows")
    secret_key_fallbacks: Keys = Field((), description="older values of SECRET_KEY, separated by commas")
    field_encryption_key: Keys = Field(
        min_length=1,
        description="at least 32 random characters; to change it, put the new one in front: NEW,OLD",
    )
    database_url: DatabaseAddress = Field(description="sqlite:///PATH or postgresql://USER:PASSWORD@HOST:PORT/NAME")
    redis_url: RedisAddress = Field(description="redis://:PASSWORD@HOST:PORT/NUMBER")

    allowed_hosts: Hosts = Field(min_length=1, description="the host names of the hub, such as hub.example.org")
    csrf_trusted_origins: Origins = Field((), description="origins such as https://hub.example.org")
    cors_allowed_origins: Origins = Field(
        (), description="origins such as https://shop.example.org, whose pages may call the API with a key"
    )
    trust_proxy: bool = Field(False, description="true if a proxy sets X-Forwarded-Proto and nothing goes around it")
    secure_cookies: bool | None = Field(None, description="true, or false where the hub is used without HTTPS")

    log_level: Level = Field(LogLevel.INFO, description="DEBUG, INFO, WARNING, ERROR or CRITICAL")
    log_access: Access = Field(AccessLevel.DEBUG, description="DEBUG, INFO or OFF: a line for each request")
    log_json: bool = Field(False, description="true for one JSON object a line on the console, or false")
    log_file: str = Field("server.log", description="a file name in DATA_DIR, a whole path, or - for none")
    log_max_bytes: int = Field(10_000_000, ge=10_000, description="a number of bytes from 10000")
    log_backups: int = Field(5, ge=1, le=1000, description="how many older log files to keep, from 1 to 1000")

    process_interval: float = Field(
        5.0, ge=0.1, le=86_400, allow_inf_nan=False, description="a number of seconds from 0.1 to 86400"
    )
    rate_limit_read: Rate = Field("12000/minute", description="a rate such as 600/minute, or off")
    rate_limit_submit: Rate = Field("60000/minute", description="a rate such as 600/minute, or off")
    rate_limit_command: Rate = Field("600/minute", description="a rate such as 600/minute, or off")
    rate_limit_configure: Rate = Field("600/minute", description="a rate such as 600/minute, or off")
    rate_limit_admin: Rate = Field("120/minute", description="a rate such as 600/minute, or off")
    rate_limit_anonymous: Rate = Field("6000/minute", description="a rate such as 600/minute, or off")
    rate_limit_login: Rate = Field("30/minute", description="a rate such as 30/minute, or off")
    metrics_public: bool = Field(False, description="true where anybody may read /metrics without a key, or false")
    retention_days: int | None = Field(
        None, ge=1, le=36_500, description="how many days of history to keep, from 1 to 36500; without it, all is kept"
    )
    scripts_dir: Path | None = Field(None, description="a directory of scripts that rules may run")

    mqtt_url: MqttAddress | None = Field(None, description="mqtt://USER:PASSWORD@HOST:PORT, or mqtts:// for TLS")
    mqtt_subscribe_topic: MqttFilter = Field("", description="a topic filter such as sensors/#")
    mqtt_publish_topic: MqttTopic = Field("", description="a topic such as hub/packets")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        files = SecretFiles(settings_cls, SECRETS, environment())
        written = DotEnvSettingsSource(settings_cls, env_file=env_file())
        return init_settings, env_settings, written, files, MadeHere(settings_cls)

    @model_validator(mode="after")
    def _debug_stays_off_in_production(self) -> Config:
        if self.debug and self.is_production:
            raise ConfigFault("DEBUG", "is on in production", "Take it away, or set PATCHBAY_MODE to embedded.")
        return self

    @property
    def is_production(self) -> bool:
        return self.patchbay_mode is Mode.PRODUCTION

    @property
    def log_path(self) -> Path | None:
        return None if self.log_file == "-" else self.data_dir / self.log_file

    @property
    def scripts_path(self) -> Path:
        return from_root(self.scripts_dir) if self.scripts_dir else self.data_dir / "scripts"

    @property
    def rates(self) -> dict[str, str | None]:
        """What a key may do in a period, by scope; None where there is no limit."""
        limits = {scope: getattr(self, f"rate_limit_{scope}") for scope in RATES}
        return {scope: None if rate == "off" else rate for scope, rate in limits.items()}


def env_file() -> Path:
    """The `.env` file that is read: in the project's directory, unless PATCHBAY_ENV_FILE names another."""
    return from_root(os.environ.get("PATCHBAY_ENV_FILE") or ".env")


def environment() -> dict[str, str]:
    """Every variable as it stands now, the process's own before those of `.env`. For references to secrets as well."""
    path = env_file()
    try:
        written = dotenv_values(path) if path.is_file() else {}
    except (OSError, UnicodeDecodeError) as fault:
        reason = getattr(fault, "strerror", None) or "it is not text"
        raise ConfigFault(".env", f"cannot be read ({path}: {reason})", "Let this user read it.") from None
    return {name: value for name, value in written.items() if value is not None} | dict(os.environ)


def load() -> Config:
    """The configuration as it stands now; raises ConfigFault."""
    _refuse_unknown_rates(environment())
    try:
        return Config()
    except ValidationError as fault:
        raise _first_fault(fault.errors(include_url=False, include_input=False)[0]) from None


def load_or_exit() -> Config:
    """The same for a start: a fault ends the process with one line and exit code 2."""
    try:
        return load()
    except ConfigFault as fault:
        sys.stderr.write(f"patchbay: {fault}\n")
        raise SystemExit(EXIT_CODE) from None


def _first_fault(error: ErrorDetails) -> ConfigFault:
    field = str(error["loc"][0])
    variable = field.upper()
    problem = "is not set" if error["type"] in ("missing", "too_short") else _problem(error)
    cure = f"Set {variable} to {Config.model_fields[field].description}."
    return ConfigFault(variable, problem, cure)


def _problem(error: ErrorDetails) -> str:
    if error["type"] == "value_error":
        return error["msg"].removeprefix("Value error, ")
    return f"is wrong: {error['msg'][0].lower()}{error['msg'][1:]}"


def _refuse_unknown_rates(variables: Mapping[str, Any]) -> None:
    """A mistyped limit would silently be no limit."""
    known = [f"RATE_LIMIT_{scope.upper()}" for scope in RATES]
    for variable in sorted(variables):
        if variable.startswith("RATE_LIMIT_") and variable not in known:
            close = get_close_matches(variable, known, 1)
            hint = f"Did you mean {close[0]}?" if close else f"Use one of {', '.join(known)}."
            raise ConfigFault(variable, "is not a limit that the hub knows", hint)


def reveal(secret: SecretStr | None) -> str:
    """The text of a secret, '' for none: for the one place that hands it on."""
    return secret.get_secret_value() if secret else ""
