"""What a database URL becomes, and what is said about one that is wrong."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.database_url import database_settings


def test_sqlite_syncs_every_commit_to_the_disk() -> None:
    entry = database_settings("sqlite:////var/lib/patchbay/hub.sqlite3")

    assert entry["NAME"] == "/var/lib/patchbay/hub.sqlite3"
    assert "synchronous=FULL" in entry["OPTIONS"]["init_command"]
    assert "journal_mode=WAL" in entry["OPTIONS"]["init_command"]
    assert entry["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert entry["OPTIONS"]["timeout"] == 20


def test_postgresql_takes_options_from_the_query() -> None:
    entry = database_settings("postgresql://hub:pw@db.example.org:5433/plant?sslmode=require&connect_timeout=2")

    assert (entry["HOST"], entry["PORT"], entry["NAME"]) == ("db.example.org", "5433", "plant")
    assert entry["OPTIONS"]["sslmode"] == "require"
    assert entry["OPTIONS"]["connect_timeout"] == "2"
    assert entry["CONN_HEALTH_CHECKS"] is True


def test_postgresql_on_a_unix_socket_is_named_in_the_query() -> None:
    entry = database_settings("postgresql:///hub?host=/run/postgresql")

    assert entry["HOST"] == "/run/postgresql"
    assert "host" not in entry["OPTIONS"]


@given(user=st.text(min_size=1), password=st.text(min_size=1), name=st.text("abc_ ?#%ä", min_size=1))
def test_any_user_password_and_name_come_back_from_a_quoted_url(user: str, password: str, name: str) -> None:
    def quoted(text: str) -> str:
        return quote(text, safe="")

    entry = database_settings(f"postgresql://{quoted(user)}:{quoted(password)}@[::1]/{quoted(name)}")

    assert (entry["USER"], entry["PASSWORD"], entry["NAME"], entry["HOST"]) == (user, password, name, "::1")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hub.sqlite3",
        "mysql://hub:s3cret@db/x",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "postgresql://hub:s3cret@db",
        "postgresql://hub:s3cret@db:port/x",
        "postgresql://hub:s3cret@db:99999/x",
        "postgresql://hub:s3cret@db/x/y",
        "postgresql://hub:s3cret@[::1/x",
    ],
)
def test_a_wrong_url_is_refused_without_showing_its_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as fault:
        database_settings(url)

    assert "s3cret" not in str(fault.value)


@given(st.text())
def test_no_text_breaks_the_parser(url: str) -> None:
    for prefix in ("", "postgresql://", "sqlite:///"):
        with suppress(ValueError):
            assert database_settings(prefix + url)["NAME"]
