"""The configuration: where values come from, what is refused and how that is said."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from hub import config_values
from hub.config import RATES, SECRETS, Config, Mode, environment, load, load_or_exit, reveal
from hub.config_sources import ROOT, ConfigFault

PRODUCTION = {
    "PATCHBAY_MODE": "production",
    "SECRET_KEY": "s" * 40,
    "FIELD_ENCRYPTION_KEY": "f" * 40,
    "DATABASE_URL": "postgresql://hub:database-pw@db/hub",
    "REDIS_URL": "redis://:redis-pw@redis:6379/0",
    "ALLOWED_HOSTS": "hub.example.org",
}


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Config.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
        monkeypatch.delenv(f"{name.upper()}_FILE", raising=False)
    monkeypatch.setenv("PATCHBAY_ENV_FILE", str(tmp_path / "written.env"))
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))


def given_variables(monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str]) -> Config:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return load()


def test_embedded_mode_needs_no_variable(tmp_path: Path) -> None:
    config = load()

    assert config.patchbay_mode is Mode.EMBEDDED
    assert reveal(config.database_url) == f"sqlite:///{tmp_path}/data/hub.sqlite3"
    assert config.scripts_path == tmp_path / "data" / "scripts"
    assert config.log_path == tmp_path / "data" / "server.log"


def test_embedded_mode_keeps_what_it_made(tmp_path: Path) -> None:
    first, second = load(), load()

    assert first.secret_key == second.secret_key
    assert first.field_encryption_key == second.field_encryption_key
    assert first.instance_id == second.instance_id
    assert stat.S_IMODE((tmp_path / "data" / "secret-key").stat().st_mode) == 0o600


def test_two_embedded_hubs_share_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    first = load()
    second = given_variables(monkeypatch, {"DATA_DIR": str(tmp_path / "other")})

    assert first.secret_key != second.secret_key
    assert first.instance_id != second.instance_id


@pytest.mark.parametrize("missing", [name for name in PRODUCTION if name != "PATCHBAY_MODE"])
def test_production_has_no_default_for_what_is_secret(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    with pytest.raises(ConfigFault, match=f"^{missing} is not set. Set {missing} to "):
        given_variables(monkeypatch, {name: value for name, value in PRODUCTION.items() if name != missing})


def test_production_refuses_debug(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigFault, match=r"^DEBUG is on in production\. Take it away"):
        given_variables(monkeypatch, PRODUCTION | {"DEBUG": "true"})


def test_production_makes_no_secret_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given_variables(monkeypatch, PRODUCTION)

    assert not (tmp_path / "data" / "secret-key").exists()


def test_production_with_an_instance_id_writes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given_variables(monkeypatch, PRODUCTION | {"INSTANCE_ID": "plant-hub"})

    assert not (tmp_path / "data").exists()


def test_no_secret_shows_in_the_text_of_the_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    config = given_variables(monkeypatch, PRODUCTION | {"MQTT_URL": "mqtt://u:mqtt-pw@h"})
    text = f"{config!r} {config} {config.model_dump()}"

    assert not [pw for pw in ("s" * 40, "f" * 40, "database-pw", "redis-pw", "mqtt-pw") if pw in text]


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_every_secret_can_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    value = {"database_url": "sqlite:////x/y", "redis_url": "redis://r/1", "mqtt_url": "mqtt://m"}.get(name, "k" * 40)
    (tmp_path / "secret").write_text(value + "\n")
    config = given_variables(monkeypatch, {f"{name.upper()}_FILE": str(tmp_path / "secret")})

    found = getattr(config, name)
    assert (found[0] if isinstance(found, tuple) else found) == SecretStr(value)


def test_secrets_is_the_list_of_all_secret_fields() -> None:
    secret = {name for name, field in Config.model_fields.items() if "SecretStr" in str(field.annotation)}

    assert secret == SECRETS


def test_a_secret_given_twice_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("k" * 40)
    with pytest.raises(ConfigFault, match=r"^SECRET_KEY is given twice"):
        given_variables(monkeypatch, {"SECRET_KEY": "s" * 40, "SECRET_KEY_FILE": str(tmp_path / "secret")})


def test_a_secret_file_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigFault, match=r"^SECRET_KEY_FILE cannot be read \(/nowhere: No such file"):
        given_variables(monkeypatch, {"SECRET_KEY_FILE": "/nowhere"})


def test_the_process_goes_before_the_written_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "written.env").write_text("SITE=written\nLOG_LEVEL=DEBUG\nPLANT_PASSWORD=pw\n")
    config = given_variables(monkeypatch, {"SITE": "own"})

    assert (config.site, config.log_level) == ("own", "DEBUG")
    assert environment()["SITE"] == "own"
    assert environment()["PLANT_PASSWORD"] == "pw"


def test_a_changed_file_is_seen_at_the_next_load(tmp_path: Path) -> None:
    (tmp_path / "written.env").write_text("PROCESS_INTERVAL=3\n")
    before = load().process_interval
    (tmp_path / "written.env").write_text("PROCESS_INTERVAL=4\n")

    assert (before, load().process_interval) == (3, 4)


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert given_variables(monkeypatch, {"LOG_LEVEL": "", "MQTT_URL": ""}).mqtt_url is None


def test_relative_paths_start_at_the_project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)

    assert Config.model_fields["data_dir"].get_default() == Path("data")
    assert given_variables(monkeypatch, {"SCRIPTS_DIR": "scripts"}).scripts_path == ROOT / "scripts"


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    config = given_variables(
        monkeypatch,
        {"ALLOWED_HOSTS": "a.example, b.example,", "FIELD_ENCRYPTION_KEY": f"{'n' * 32},{'o' * 32}"},
    )

    assert config.allowed_hosts == ("a.example", "b.example")
    assert [reveal(key) for key in config.field_encryption_key] == ["n" * 32, "o" * 32]


def test_a_rate_that_is_off_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = given_variables(monkeypatch, {"RATE_LIMIT_READ": "off", "RATE_LIMIT_SUBMIT": "5/Minute"}).rates

    assert tuple(rates) == RATES
    assert (rates["read"], rates["submit"]) == (None, "5/minute")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PATCHBAY_MODE", "prod"),
        ("DEBUG", "perhaps"),
        ("SITE", "My Site"),
        ("INSTANCE_ID", "a b"),
        ("SECRET_KEY", "short"),
        ("FIELD_ENCRYPTION_KEY", "k" * 40 + ",short"),
        ("DATABASE_URL", "mysql://u:pw@h/x"),
        ("REDIS_URL", "http://h"),
        ("REDIS_URL", "redis://h:port"),
        ("ALLOWED_HOSTS", ","),
        ("ALLOWED_HOSTS", "https://hub.example.org"),
        ("CSRF_TRUSTED_ORIGINS", "hub.example.org"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_MAX_BYTES", "10MB"),
        ("LOG_MAX_BYTES", "1"),
        ("LOG_BACKUPS", "0"),
        ("PROCESS_INTERVAL", "fast"),
        ("PROCESS_INTERVAL", "0"),
        ("PROCESS_INTERVAL", "nan"),
        ("RATE_LIMIT_READ", "0/minute"),
        ("RATE_LIMIT_READ", "many"),
        ("RATE_LIMIT_REED", "5/minute"),
        ("MQTT_URL", "plant:1883"),
        ("MQTT_URL", "mqtt://"),
        ("MQTT_SUBSCRIBE_TOPIC", "a/#/b"),
        ("MQTT_SUBSCRIBE_TOPIC", "a/b+"),
        ("MQTT_PUBLISH_TOPIC", "a/+/b"),
    ],
)
def test_a_wrong_value_names_its_variable_and_the_cure(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(ConfigFault) as fault:
        given_variables(monkeypatch, {name: value})

    text = str(fault.value)
    assert text.startswith(f"{name} ")
    assert "\n" not in text
    assert f"Set {name} to " in text or text.endswith("Did you mean RATE_LIMIT_READ?")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30))
def test_any_topic_filter_is_taken_or_refused(text: str) -> None:
    levels = text.split("/")
    is_valid = all(level in ("#", "+") or not {"#", "+"} & set(level) for level in levels) and "#" not in levels[:-1]
    try:
        assert config_values.check_filter(text) == text
        assert is_valid
    except ValueError:
        assert not is_valid


def test_a_written_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "written.env").write_bytes(b"SITE=\xff\xfe\n")

    with pytest.raises(ConfigFault, match=r"^\.env cannot be read \(.*: it is not text\)\. Let"):
        load()


def test_a_data_directory_below_a_file_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ConfigFault, match=r"^DATA_DIR cannot hold the hub's own files \(.*: Not a directory\)"):
        given_variables(monkeypatch, {"DATA_DIR": str(tmp_path / "file")})


def test_a_fault_ends_the_start_with_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SITE", "")
    monkeypatch.setenv("LOG_BACKUPS", "0")

    with pytest.raises(SystemExit) as stopped:
        load_or_exit()

    assert stopped.value.code == 2
    assert capsys.readouterr().err.startswith("patchbay: LOG_BACKUPS is wrong: ")


def run_start(**variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "check"]
    given = os.environ | variables | {"DJANGO_SETTINGS_MODULE": "hub.settings"}
    return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False, timeout=50)


def test_a_wrong_value_stops_the_start_with_one_line() -> None:
    run = run_start(PROCESS_INTERVAL="fast", LOG_FILE="-")

    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.count("\n") == 1
    assert run.stderr.startswith("patchbay: PROCESS_INTERVAL is wrong: ")


def test_a_data_directory_that_cannot_be_made_stops_the_start_with_one_line() -> None:
    run = run_start(DATA_DIR="/proc/nowhere")

    assert run.returncode == 2
    assert run.stderr.startswith("patchbay: DATA_DIR cannot hold the hub's own files (/proc/nowhere")
    assert run.stderr.count("\n") == 1


def test_the_example_file_names_every_variable_and_its_default(tmp_path: Path) -> None:
    example = (ROOT / ".env.example").read_text()
    named = {line[1:].partition("=")[0]: line.partition("=")[2] for line in example.splitlines() if "=" in line}
    # Uncommented as it stands, it must start an embedded hub.
    (tmp_path / "written.env").write_text(
        "\n".join(f"{name}={value}" for name, value in named.items() if name.isupper())
    )

    assert {name for name in named if name.replace("_", "").isupper()} >= {n.upper() for n in Config.model_fields}
    assert load().rates == {scope: Config.model_fields[f"rate_limit_{scope}"].default for scope in RATES}
