"""The certificates of brokers: those that are configured, and the one that the server shows."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import create_server

import pytest

from bridges import certificates
from bridges.models import Broker
from simulators.servers.certificates import Authority

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    certificates._seen.clear()
    return Authority(tmp_path)


@pytest.fixture
def server(authority: Authority) -> Iterator[tuple[int, list[int]]]:
    """A TLS server on the loopback, and how often it was asked."""
    identity, asked = authority.server(), [0]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)
    with create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                    asked[0] += 1
                    context.wrap_socket(connection, server_side=True).close()
                except ssl.SSLError:
                    continue
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1], asked
        listener.shutdown(2)


def found(now: datetime = NOW) -> list[tuple[str, str, int]]:
    facts = certificates.certificates(now)
    return [(fact.subject, fact.what, round((fact.expires_at - NOW).total_seconds() / 86_400)) for fact in facts]


def test_what_is_configured_is_told_as_text_and_as_file(authority: Authority) -> None:
    client = authority.client("hub")
    Broker.objects.create(
        name="b", host="127.0.0.1", port=1, tls_enabled=True, tls_ca=str(authority.ca),
        tls_certificate=client.certificate.read_text(),
    )  # fmt: skip

    assert found() == [("broker:b", "CA certificate", 30), ("broker:b", "client certificate", 30)]


def test_what_the_server_shows_is_told_and_asked_for_every_six_hours(
    server: tuple[int, list[int]], authority: Authority
) -> None:
    port, asked = server
    Broker.objects.create(name="b", host="127.0.0.1", port=port, tls_enabled=True)

    assert found() == found() == [("broker:b", "server's certificate", 30)]
    assert asked == [1]
    found(NOW + timedelta(hours=7))
    assert asked == [2]


def test_a_server_that_is_away_and_a_file_that_is_not_there_tell_nothing(authority: Authority) -> None:
    Broker.objects.create(name="b", host="127.0.0.1", port=1, tls_enabled=True, tls_ca="/nowhere/ca.pem")

    assert found() == []


def test_brokers_without_tls_are_not_asked(authority: Authority) -> None:
    Broker.objects.create(name="b", host="127.0.0.1", tls_ca=authority.ca.read_text())

    assert found() == []
