"""Connecting to a real Mosquitto with TLS and passwords, and what is said when it does not work."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bridges.mqtt.handshake import try_connection
from bridges.mqtt.settings import MqttSettings, TlsSettings
from bridges.tests.link_host import KeepingHost, wait_until
from bridges.tests.mqtt_links import outgoing, running_link, settings_for, subscription
from simulators.servers.certificates import Authority
from simulators.servers.mosquitto import MosquittoOptions, MosquittoServer
from telemetry.links import LinkLost, LinkRefused, LinkState

USER, PASSWORD = "hub", "correct horse"


@pytest.fixture(scope="module")
def broker() -> Iterator[MosquittoServer]:
    with MosquittoServer(MosquittoOptions(users={USER: PASSWORD}, has_tls=True)) as server:
        yield server


def secured(broker: MosquittoServer, **changes: object) -> MqttSettings:
    tls = TlsSettings(is_enabled=True, ca=broker.ca)
    return replace(settings_for(broker, username=USER, password=PASSWORD, tls=tls), **changes)  # type: ignore[arg-type]


def refusal(settings: MqttSettings) -> str:
    with pytest.raises(LinkRefused) as caught:
        try_connection(settings, 5.0)
    return str(caught.value)


def loss(settings: MqttSettings) -> str:
    with pytest.raises(LinkLost) as caught:
        try_connection(settings, 5.0)
    return str(caught.value)


@pytest.mark.parametrize("protocol", [5, 4])
@pytest.mark.parametrize("min_version", ["1.2", "1.3"])
def test_messages_pass_with_tls_and_password(broker: MosquittoServer, protocol: int, min_version: str) -> None:
    host, topic = KeepingHost(), f"tls/{protocol}/{min_version}"
    tls = TlsSettings(is_enabled=True, ca=Path(broker.ca).read_text(), min_version=min_version)
    settings = secured(broker, protocol=protocol, client_id=topic, tls=tls)
    with running_link(settings, host, subscriptions=[subscription(topic)]) as link:
        items = [outgoing(number, address=topic, qos=number % 3, payload=b"x" * 5_000) for number in range(600)]
        link.send(items)
        wait_until(lambda: len(host.messages) == 600)


@pytest.mark.parametrize("protocol", [5, 4])
def test_a_wrong_password_is_said_and_not_tried_again(broker: MosquittoServer, protocol: int) -> None:
    host = KeepingHost()
    settings = secured(broker, protocol=protocol, password="wrong secret", client_id=f"wrong{protocol}")
    with running_link(settings, host, awaits=LinkState.REFUSED) as link:
        wait_until(lambda: link._thread is not None and not link._thread.is_alive())
        assert "not authorized" in host.reports[-1].detail or "password" in host.reports[-1].detail
        assert "wrong secret" not in repr((host.reports, settings))
        assert [report.state for report in host.reports] == [LinkState.CONNECTING, LinkState.REFUSED]
        assert broker.log.count(f"wrong{protocol}") <= 1


def test_an_untrusted_certificate_is_refused(broker: MosquittoServer, tmp_path: Path) -> None:
    other = TlsSettings(is_enabled=True, ca=str(Authority(tmp_path, "Another authority").ca))
    assert "not trusted" in refusal(secured(broker, tls=other))


def test_a_certificate_for_another_host_is_refused_unless_that_is_allowed() -> None:
    options = MosquittoOptions(has_tls=True, server_names=["mqtt.example.org"])
    with MosquittoServer(options) as broker:
        tls = TlsSettings(is_enabled=True, ca=broker.ca)
        assert "another host name" in refusal(settings_for(broker, tls=tls))
        try_connection(settings_for(broker, tls=replace(tls, check_hostname=False)), 5.0)


def test_an_expired_certificate_is_refused() -> None:
    with MosquittoServer(MosquittoOptions(has_tls=True, is_expired=True)) as broker:
        tls = TlsSettings(is_enabled=True, ca=broker.ca)
        assert "has expired" in refusal(settings_for(broker, tls=tls))


@pytest.mark.parametrize("is_pem", [True, False])
def test_a_client_certificate_is_shown_when_it_is_demanded(is_pem: bool) -> None:
    with MosquittoServer(MosquittoOptions(has_tls=True, wants_client_certificate=True)) as broker:
        tls = TlsSettings(is_enabled=True, ca=broker.ca)
        assert "client certificate" in refusal(settings_for(broker, tls=tls))
        mine = broker.client_identity("hub")
        pair = (
            (mine.certificate.read_text(), mine.key.read_text()) if is_pem else (str(mine.certificate), str(mine.key))
        )
        settings = settings_for(broker, tls=replace(tls, certificate=pair[0], key=pair[1]))
        try_connection(settings, 5.0)
        assert "PRIVATE KEY" not in repr(settings)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ca": "/nowhere/ca.pem"}, "CA certificates cannot be used: there is no such file"),
        ({"ca": "-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----\n"}, "CA certificates cannot be used"),
        ({"certificate": "/nowhere/c.pem", "key": "/nowhere/k.pem"}, "client certificate or its key cannot be used"),
        ({"min_version": "1.0"}, "TLS 1.0 is not known"),
    ],
)
def test_certificates_that_cannot_be_used_are_said(broker: MosquittoServer, changes: dict[str, str], said: str) -> None:
    assert said in refusal(secured(broker, tls=replace(TlsSettings(is_enabled=True, ca=broker.ca), **changes)))  # type: ignore[arg-type]


def test_tls_to_a_port_without_tls_is_said() -> None:
    with MosquittoServer() as plain:
        assert "is TLS set as it expects" in loss(settings_for(plain, tls=TlsSettings(is_enabled=True)))


def test_a_port_with_tls_without_tls_is_said(broker: MosquittoServer) -> None:
    assert "is TLS set as it expects" in loss(secured(broker, tls=TlsSettings()))


def test_an_unknown_host_is_said(broker: MosquittoServer) -> None:
    assert "host name" in loss(secured(broker, host="no-such-host.invalid"))


def test_a_closed_port_is_said_and_tried_again(broker: MosquittoServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert "connection refused" in loss(settings_for(broker, port=port))
    host = KeepingHost()
    with MosquittoServer(port=port) as server:
        server.stop()
        with running_link(settings_for(server), host, awaits=LinkState.LOST):
            server.start()
            wait_until(lambda: host.state is LinkState.CONNECTED)


def test_an_answer_that_never_comes_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = MqttSettings(host="127.0.0.1", port=silent.getsockname()[1], client_id="x")
        with pytest.raises(LinkLost, match="did not answer in time"):
            try_connection(settings, 0.3)


def test_a_trial_does_not_take_over_the_session_of_a_running_link(broker: MosquittoServer) -> None:
    host = KeepingHost()
    settings = secured(broker, client_id="running")
    with running_link(settings, host, subscriptions=[subscription("trial")]) as link:
        try_connection(settings, 5.0)
        link.send([outgoing(1, address="trial")])
        wait_until(lambda: host.payloads == [b"1"])
        assert host.connections() == 1
