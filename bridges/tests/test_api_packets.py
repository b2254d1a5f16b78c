"""`POST packets`: what is stored, what is refused with its place, and what a client may repeat."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridges import intake
from telemetry.models import Message
from telemetry.tests.api_support import staff_client

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/packets"
PACKET = {"device_id": "esp-1", "timestamp": "2026-03-01T12:00:00Z", "measurements": {"temperature": 21.5}}


@pytest.fixture
def client() -> Client:
    return staff_client()


@pytest.fixture(autouse=True)
def fresh_intake() -> Iterator[None]:
    """No committer outlives the test's database."""
    yield
    intake.stop_intake()


def post(client: Client, body: Any, **headers: str) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body)
    return client.post(URL, data, content_type="application/json", headers=headers)


def assert_refused(answer: Any, status: int, code: str) -> list[dict[str, str]]:
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    body = answer.json()
    assert (body["code"], body["status"]) == (code, status)
    assert body["title"]
    assert body["detail"]
    assert not Message.objects.exists()
    errors: list[dict[str, str]] = body["errors"]
    return errors


def test_a_packet_is_stored_byte_for_byte_before_it_is_answered_for(client: Client) -> None:
    body = b' {"timestamp": 1700000000,\n "device_id": "esp-1", "measurements": {"t": 21.50}} '
    answer = post(client, body)
    assert answer.status_code == 201
    message = Message.objects.get()
    assert answer.json() == {"id": str(message.id)}
    assert (message.source, bytes(message.payload), message.device) == ("packets", body, "esp-1")


def test_a_list_is_stored_in_its_order(client: Client) -> None:
    answer = post(client, [PACKET | {"device_id": f"esp-{n}"} for n in range(5)])
    assert answer.status_code == 201
    ids = answer.json()["ids"]
    assert [Message.objects.get(id=found).device for found in ids] == [f"esp-{n}" for n in range(5)]


def test_each_fault_of_a_packet_is_named_by_its_place(client: Client) -> None:
    errors = assert_refused(post(client, {"device_id": "a b", "measurements": {"t": "x"}}), 400, "invalid")
    assert {error["path"] for error in errors} == {"/device_id", "/timestamp", "/measurements/t"}
    assert all(error["message"] for error in errors)


def test_the_faults_of_a_list_name_the_packet_as_well_and_nothing_is_stored(client: Client) -> None:
    errors = assert_refused(post(client, [PACKET, PACKET | {"battery": 101}, 5]), 400, "invalid")
    assert {error["path"] for error in errors} == {"/1/battery", "/2"}


@pytest.mark.parametrize(
    "body",
    [b"{", b'{"a": NaN}', b'{"device_id": "\xff\xfe"}', b"{} {}", b'"\\ud800"', b"[" * 50_000, b"\xef\xbb\xbf{}"],
)
def test_what_is_not_json_is_refused(client: Client, body: bytes) -> None:
    assert_refused(post(client, body), 400, "malformed")


@pytest.mark.parametrize("body", [b"5", b"null", b'"x"', b"{}", b"[[]]", b"[null]"])
def test_what_is_no_packet_is_refused(client: Client, body: bytes) -> None:
    assert_refused(post(client, body), 400, "invalid")


@pytest.mark.parametrize("count", [0, 1001])
def test_a_list_has_1_to_1000_packets(client: Client, count: int) -> None:
    assert_refused(post(client, [PACKET] * count), 400, "malformed")


def test_a_body_of_ten_megabytes_is_refused(client: Client) -> None:
    assert_refused(post(client, b" " * 10_000_000 + b"{}"), 413, "too_large")


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""])
def test_another_content_type_is_refused(client: Client, kind: str) -> None:
    assert_refused(client.post(URL, json.dumps(PACKET), content_type=kind), 415, "unsupported_media_type")


def test_text_that_looks_like_sql_is_stored_as_text(client: Client) -> None:
    text = "'; DROP TABLE telemetry_message; --"
    assert post(client, PACKET | {"status": text}).status_code == 201
    found = client.get("/api/v1/messages", {"key": "status", "value": text}).json()
    assert found["results"][0]["decoded"]["status"] == text


def test_the_same_idempotency_key_stores_once_and_answers_the_same(client: Client) -> None:
    headers = {"Idempotency-Key": "a1"}
    first, second = (client.post(URL, PACKET, "application/json", headers=headers) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert Message.objects.count() == 1


def test_the_same_idempotency_key_for_another_body_is_refused(client: Client) -> None:
    headers = {"Idempotency-Key": "a1"}
    client.post(URL, PACKET, "application/json", headers=headers)
    answer = client.post(URL, PACKET | {"battery": 5}, "application/json", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_conflict")
    assert Message.objects.count() == 1


def test_an_idempotency_key_that_is_too_long_is_refused(client: Client) -> None:
    answer = client.post(URL, PACKET, "application/json", headers={"Idempotency-Key": "x" * 201})
    assert_refused(answer, 400, "malformed")


def test_a_hub_that_cannot_store_now_says_when_to_try_again(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def is_busy(*_: object, **__: object) -> None:
        raise intake.IntakeBusy("the hub cannot store anything now")

    monkeypatch.setattr(intake, "submit_packets", is_busy)
    answer = post(client, PACKET)
    assert_refused(answer, 503, "busy")
    assert int(answer["Retry-After"]) > 0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=12,
    )
)
def test_any_json_is_refused_or_stored_and_never_breaks_the_hub(
    client: Client, monkeypatch: pytest.MonkeyPatch, body: Any
) -> None:
    monkeypatch.setattr(intake, "submit_packets", lambda documents, **_: [None] * len(documents))
    assert post(client, body).status_code in (201, 400)


def test_the_schema_of_a_packet_can_be_read(client: Client) -> None:
    schema = client.get("/api/v1/schemas/packet").json()
    assert {"device_id", "timestamp", "measurements"} <= set(schema["properties"])
