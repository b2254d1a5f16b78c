"""`brokers` and `topics` over REST: the shape, secrets that never come back, and the trial of a connection."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from django.test import Client
from rest_framework.exceptions import ValidationError

from bridges.api.serializers import BrokerSerializer, TopicSerializer
from bridges.models import Broker, Topic
from telemetry.tests.api_support import staff_client

pytestmark = pytest.mark.django_db
URL = "/api/v1/brokers"


def identity() -> tuple[str, str]:
    """A key and its certificate, as PEM text."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hub")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), start, start.replace(2100)
    )
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return text, made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


PEM_KEY, PEM_CERTIFICATE = identity()
PLANT: dict[str, Any] = {
    "name": "plant",
    "host": "mqtt.example.org",
    "port": 8883,
    "protocol": 5,
    "username": "hub",
    "password": "pass-very-secret",
    "tls": {"enabled": True, "certificate": PEM_CERTIFICATE, "key": PEM_KEY, "min_version": "1.3"},
    "session_expiry": 3600,
    "will": {"topic": "hub/gone", "payload": "gone", "qos": 1, "retain": True},
}


@pytest.fixture
def client() -> Client:
    return staff_client()


def send(client: Client, method: str, url: str, body: Any = None) -> Any:
    return getattr(client, method)(url, body, content_type="application/json")


def places(answer: Any) -> list[str]:
    return [error["path"] for error in answer.json()["errors"]]


def test_a_broker_is_answered_in_the_shape_of_the_config_file(client: Client) -> None:
    body = send(client, "post", URL, PLANT).json()
    assert (body["host"], body["port"], body["protocol"], body["session_expiry"]) == ("mqtt.example.org", 8883, 5, 3600)
    assert (body["tls"]["enabled"], body["tls"]["min_version"], body["tls"]["check_hostname"]) == (True, "1.3", True)
    assert (body["will"], body["keepalive"], body["enabled"]) == (PLANT["will"], 30, True)


def test_no_answer_ever_holds_a_secret(client: Client) -> None:
    answers = [
        send(client, "post", URL, PLANT),
        send(client, "get", URL),
        send(client, "get", f"{URL}/plant"),
        send(client, "patch", f"{URL}/plant", {"label": "Plant"}),
        send(client, "put", f"{URL}/plant", PLANT | {"port": -1}),
    ]
    for answer in answers:
        assert b"very-secret" not in answer.content
        assert PEM_KEY.splitlines()[1].encode() not in answer.content
    assert answers[0].json()["password_set"] is True
    assert answers[0].json()["tls"]["key_set"] is True


def test_secrets_that_are_left_out_are_kept_and_empty_ones_cleared(client: Client) -> None:
    body = send(client, "post", URL, PLANT).json()
    send(client, "put", f"{URL}/plant", body)
    row = Broker.objects.get()
    assert (row.password, row.tls_key) == ("pass-very-secret", PEM_KEY)
    send(client, "patch", f"{URL}/plant", {"password": "", "tls": {"key": None, "certificate": ""}})
    row = Broker.objects.get()
    assert (row.password, row.tls_key, row.tls_enabled) == ("", "", True)


@pytest.mark.parametrize("reference", [{"env": "SECRET_KEY"}, {"file": "/etc/passwd"}])
def test_over_rest_a_secret_is_never_a_reference(client: Client, reference: dict[str, str]) -> None:
    answer = send(client, "post", URL, PLANT | {"password": reference})
    assert (answer.status_code, places(answer)) == (400, ["/password"])
    answer = send(client, "post", URL, PLANT | {"tls": PLANT["tls"] | {"key": reference}})
    assert (answer.status_code, places(answer)) == (400, ["/tls/key"])


def test_in_a_config_file_a_secret_is_always_a_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANT_PASSWORD", "from-the-environment")
    context = {"for_file": True}
    plain = BrokerSerializer(data={"name": "a", "host": "h", "username": "u", "password": "plain"}, context=context)
    assert not plain.is_valid()
    given = {"name": "plant", "host": "h", "username": "u", "password": {"env": "PLANT_PASSWORD"}}
    reader = BrokerSerializer(data=given, context=context)
    assert reader.is_valid(), reader.errors
    row = reader.save()
    assert (row.password, row.edited_on_web) == ("from-the-environment", False)
    assert BrokerSerializer(row, context=context).data == given


def test_a_null_will_clears_it(client: Client) -> None:
    send(client, "post", URL, PLANT)
    assert send(client, "patch", f"{URL}/plant", {"will": None}).json()["will"] is None
    assert Broker.objects.get().will_topic == ""


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"port": 70000}, "/port"),
        ({"host": ""}, "/host"),
        ({"protocol": 3}, "/protocol"),
        ({"tls": {"min_version": "1.0"}}, "/tls/min_version"),
        ({"tls": {"kee": 1}}, "/tls/kee"),
        ({"tls": []}, "/tls"),
        ({"will": {"topic": "a", "qos": 7}}, "/will/qos"),
        ({"password": 5}, "/password"),
        ({"password": "nul\x00"}, "/password"),
        ({"session_expiry": 10**12}, "/session_expiry"),
    ],
)
def test_a_fault_is_named_by_its_place(client: Client, change: dict[str, Any], place: str) -> None:
    answer = send(client, "post", URL, PLANT | change)
    assert (answer.status_code, places(answer)) == (400, [place])


def test_mqtt_3_may_be_written_as_people_call_it(client: Client) -> None:
    body = send(client, "post", URL, PLANT | {"protocol": "3.1.1", "session_expiry": 86400}).json()
    assert body["protocol"] == 4


def test_a_topic_names_its_broker(client: Client) -> None:
    send(client, "post", URL, PLANT)
    topic = {"name": "meters", "broker": "plant", "direction": "in", "filter": "rt/#", "qos": 2, "codec": "json"}
    body = send(client, "post", "/api/v1/topics", topic).json()
    assert {key: body[key] for key in topic} == topic
    answer = send(client, "post", "/api/v1/topics", topic | {"name": "b", "broker": "nope"})
    assert (answer.status_code, places(answer)) == (400, ["/broker"])
    assert TopicSerializer(Topic.objects.get(), context={"for_file": True}).data == {
        "name": "meters", "broker": "plant", "direction": "in", "filter": "rt/#", "qos": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"filter": "a/#/b"}, "/filter"),
        ({"qos": 3}, "/qos"),
        ({"codec": "nope"}, "/codec"),
        ({"device": "nobody"}, "/device"),
        ({"direction": "up"}, "/direction"),
        ({"expiry": 0}, "/expiry"),
    ],
)
def test_a_fault_of_a_topic_is_named_by_its_place(client: Client, change: dict[str, Any], place: str) -> None:
    Broker.objects.create(name="plant", host="h")
    topic = {"name": "meters", "broker": "plant", "direction": "in", "filter": "rt/#"} | change
    answer = send(client, "post", "/api/v1/topics", topic)
    assert (answer.status_code, places(answer)) == (400, [place])


def test_a_trial_of_a_broker_that_is_away_says_so_without_secrets(client: Client) -> None:
    Broker.objects.create(name="plant", host="127.0.0.1", port=1, username="hub", password="pass-very-secret")
    answer = send(client, "post", f"{URL}/plant/test")
    body = answer.json()
    assert (answer.status_code, body["ok"]) == (200, False)
    assert "127.0.0.1:1" in body["detail"]
    assert "very-secret" not in json.dumps(body)


def test_a_trial_of_a_broker_that_is_not_there_is_a_problem(client: Client) -> None:
    assert send(client, "post", f"{URL}/nope/test").json()["code"] == "not_found"


def test_a_row_that_another_request_made_in_between_is_named_and_nothing_is_lost() -> None:
    mine = BrokerSerializer(data={"name": "plant", "host": "mine"})
    assert mine.is_valid()
    Broker.objects.create(name="plant", host="theirs")
    with pytest.raises(ValidationError) as fault:
        mine.save()
    assert list(fault.value.get_full_details()) == ["name"]
    assert Broker.objects.get().host == "theirs"


def test_what_only_the_database_refuses_is_said_in_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Broker, "clean_fields", lambda *_, **__: None)  # as if no validator knew
    serializer = BrokerSerializer(data={"name": "plant", "host": "mine"})
    assert serializer.is_valid()
    serializer.validated_data["port"] = serializer._candidate.port = 0
    with pytest.raises(ValidationError) as fault:
        serializer.save()
    assert "broker_port" in str(fault.value)
    assert not Broker.objects.exists()
