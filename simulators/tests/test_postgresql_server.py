"""The PostgreSQL that tests start for themselves."""

from __future__ import annotations

import psycopg
import pytest

from simulators.servers.postgresql import PostgresqlServer


def test_it_answers_and_is_gone_afterwards() -> None:
    with PostgresqlServer() as server, psycopg.connect(server.url) as client:
        assert client.execute("SHOW fsync").fetchone() == ("on",)
    assert not server.is_running
    assert not server.directory.exists()


def test_what_was_committed_is_there_after_a_crash() -> None:
    with PostgresqlServer() as server:
        url = server.create("plant")
        with psycopg.connect(url) as client:
            client.execute("CREATE TABLE kept AS SELECT 1 AS number")
        server.kill()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url)
        server.start()
        with psycopg.connect(url) as client:
            assert client.execute("SELECT number FROM kept").fetchone() == (1,)


def test_a_frozen_one_does_not_answer_until_it_is_thawed() -> None:
    with PostgresqlServer() as server:
        server.freeze()
        with pytest.raises(psycopg.OperationalError, match="timeout"):
            psycopg.connect(server.url, connect_timeout=2)
        server.thaw()
        with psycopg.connect(server.url) as client:
            assert client.execute("SELECT 1").fetchone() == (1,)
