"""What a Broker may be, as every way of editing it checks."""

from __future__ import annotations

import datetime
from functools import cache
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from django.core.exceptions import ValidationError
from django.db import connection

from bridges.models import Broker

pytestmark = pytest.mark.django_db


@cache
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def key_text(private: ec.EllipticCurvePrivateKey, *, passphrase: str = "") -> str:
    protection: KeySerializationEncryption = (
        BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    )
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection).decode()


@cache
def certificate_text() -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key().public_key(), 1, start, start + datetime.timedelta(days=9))
    return builder.sign(key(), hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def plant(**changes: Any) -> Broker:
    return Broker(**{"name": "plant", "host": "mqtt.example.org"} | changes)


def faults_of(broker: Broker) -> dict[str, list[str]]:
    try:
        broker.full_clean()
    except ValidationError as fault:
        return fault.message_dict
    return {}


@pytest.mark.parametrize(
    "host", ["localhost", "10.0.0.7", "::1", "fe80::1", "mosquitto_1", "mqtt.example.org.", "bücher.example"]
)
def test_a_host_is_a_name_or_an_address(host: str) -> None:
    assert faults_of(plant(host=host)) == {}


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("mqtt://plant", "mqtt://"),
        ("plant:1883", "port has its own field"),
        ("plant/mqtt", "path"),
        ("hub@plant", "user name has its own field"),
        ("[::1]", "brackets"),
        ("10.0.0", "not a complete IP address"),
        ("my broker", "neither a host name"),
        ("-x.org", "neither a host name"),
        ("a..b", "neither a host name"),
    ],
)
def test_a_wrong_host_is_explained(host: str, said: str) -> None:
    assert said in faults_of(plant(host=host))["host"][0]


def test_a_broker_without_a_host_is_told_so_once() -> None:
    assert faults_of(plant(host="")) == {"host": ["This field cannot be blank."]}


@pytest.mark.parametrize("field", ["tls_ca", "tls_certificate", "tls_key"])
@pytest.mark.parametrize("text", ["certs/plant.pem", "plant", "/etc/ssl/a.pem\n/etc/ssl/b.pem"])
def test_a_certificate_is_pem_or_an_absolute_path(field: str, text: str) -> None:
    assert "absolute path" in faults_of(plant(**{field: text}))[field][0]


@pytest.mark.parametrize("field", ["tls_ca", "tls_certificate"])
def test_an_unreadable_certificate_is_refused(field: str) -> None:
    text = "-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----\n"
    assert "no readable certificate" in faults_of(plant(**{field: text}))[field][0]


def test_a_certificate_with_its_key_is_good() -> None:
    assert (
        faults_of(plant(tls_ca=certificate_text(), tls_certificate=certificate_text(), tls_key=key_text(key()))) == {}
    )


def test_a_key_may_stand_in_the_certificates_text() -> None:
    assert faults_of(plant(tls_certificate=certificate_text() + key_text(key()))) == {}


def test_a_key_of_another_certificate_is_refused() -> None:
    other = key_text(ec.generate_private_key(ec.SECP256R1()))
    faults = faults_of(plant(tls_certificate=certificate_text(), tls_key=other))
    assert "does not belong" in faults["tls_key"][0]


def test_a_key_with_a_passphrase_is_refused() -> None:
    locked = key_text(key(), passphrase="secret")
    assert "passphrase" in faults_of(plant(tls_certificate=certificate_text(), tls_key=locked))["tls_key"][0]


@pytest.mark.parametrize(
    ("given", "said"),
    [({"tls_key": "/etc/ssl/key.pem"}, "needs its certificate"), ({"tls_certificate": None}, "needs its key")],
)
def test_a_certificate_and_a_key_come_together(given: dict[str, str | None], said: str) -> None:
    if "tls_certificate" in given:
        given = {"tls_certificate": certificate_text()}
    assert said in faults_of(plant(**given))["tls_key"][0]


def test_a_certificate_path_may_hold_the_key_too() -> None:
    assert faults_of(plant(tls_certificate="/etc/ssl/both.pem")) == {}


@pytest.mark.parametrize("topic", ["hub/+/state", "hub/#", "a\x00b"])
def test_a_will_topic_is_a_topic_not_a_filter(topic: str) -> None:
    assert "will_topic" in faults_of(plant(will_topic=topic))


def test_a_password_needs_a_user_name_in_mqtt_3() -> None:
    assert "user name" in faults_of(plant(protocol=4, password="x"))["username"][0]
    assert faults_of(plant(protocol=5, password="x")) == {}


def test_two_brokers_with_one_client_id_at_one_server_are_refused() -> None:
    plant(client_id="hub").save()
    faults = faults_of(plant(name="twin", host="MQTT.example.org", client_id="hub"))
    assert "throw the other out" in faults["client_id"][0]
    assert faults_of(plant(name="twin", port=1884, client_id="hub")) == {}


def test_a_client_id_holds_no_control_characters() -> None:
    assert "client_id" in faults_of(plant(client_id="hub\n1"))


@pytest.mark.parametrize(("field", "value"), [("keepalive_s", 65_536), ("session_expiry_s", 2**31), ("port", 0)])
def test_numbers_that_the_protocol_cannot_carry_are_refused(field: str, value: int) -> None:
    assert field in faults_of(plant(**{field: value}))


def test_a_name_never_changes() -> None:
    plant().save()
    broker = Broker.objects.get()
    broker.name = "factory"
    assert "stays 'plant'" in faults_of(broker)["name"][0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"port": 8883}, "8883 usually speaks TLS"),
        ({"tls_enabled": True}, "1883 usually speaks without TLS"),
        ({"password": "x"}, "crosses the network readable"),
        ({"tls_ca": "/etc/ssl/ca.pem"}, "TLS is off: they are not used"),
        ({"tls_enabled": True, "port": 8883, "tls_check_hostname": False}, "pose as the broker"),
        ({"will_payload": "gone"}, "never published"),
        ({"session_expiry_s": 0}, "drops what comes"),
    ],
)
def test_what_is_probably_not_meant_brings_a_warning_and_no_fault(changes: dict[str, Any], said: str) -> None:
    broker = plant(**changes)
    assert faults_of(broker) == {}
    assert [said in warning for warning in broker.warnings()] == [True]


def test_a_usual_broker_brings_no_warning() -> None:
    assert plant(port=8883, tls_enabled=True, username="hub", password="x").warnings() == []
    assert plant(host="localhost", password="x").warnings() == []


def test_the_password_is_encrypted_at_rest_and_comes_back_plain() -> None:
    plant(password="swordfish").save()
    with connection.cursor() as cursor:
        stored = cursor.execute("SELECT password, tls_key FROM bridges_broker").fetchone()
    assert "swordfish" not in stored[0]
    assert stored[1] == ""
    assert Broker.objects.get().password == "swordfish"
