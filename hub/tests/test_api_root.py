"""The root of the API: problems for whatever goes wrong, the documentation, and the health of the process."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, OperationalError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ErrorDetail

from hub.api import health
from hub.api.root import NAMES
from hub.api.urls import v1
from hub.problems import TITLES, flatten
from hub.tests.api_support import key_client
from telemetry.api import messages

pytestmark = pytest.mark.django_db
PROBLEM = "application/problem+json"


def assert_problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer["Content-Type"]) == (status, PROBLEM)
    body: dict[str, Any] = answer.json()
    assert set(body) == {"type", "title", "status", "code", "detail", "errors"}
    assert (body["status"], body["code"], body["type"]) == (status, code, f"urn:patchbay:problem:{code}")
    assert body["title"] == TITLES[code]
    return body


@pytest.mark.parametrize("path", ["/api/v1/nope", "/api/v2/messages", "/api", "/api/v1/messages/not-an-id"])
@pytest.mark.parametrize("verb", ["get", "post", "delete"])
def test_an_address_that_is_none_is_a_problem(client: Client, path: str, verb: str) -> None:
    assert_problem(getattr(client, verb)(path), 404, "not_found")


def test_a_slash_too_many_leads_to_the_address_without(client: Client) -> None:
    answer = client.post("/api/v1/packets/?a=1")
    assert (answer.status_code, answer["Location"]) == (308, "/api/v1/packets?a=1")


@pytest.mark.parametrize(("verb", "name"), [("delete", "messages"), ("put", "packets"), ("get", "brokers/x/test")])
def test_a_method_that_is_not_there_is_a_problem(verb: str, name: str) -> None:
    answer = getattr(key_client("admin"), verb)(f"/api/v1/{name}")
    assert_problem(answer, 405, "method_not_allowed")
    assert answer["Allow"]


def test_a_form_that_the_api_does_not_speak_is_a_problem() -> None:
    assert_problem(key_client("read").get("/api/v1/status", headers={"Accept": "image/png"}), 406, "not_acceptable")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (OperationalError("password=hunter22 host=db"), 503, "database_unavailable"),
        (IntegrityError("duplicate key (secret)"), 409, "conflict"),
        (RuntimeError("password=hunter22"), 500, "internal_error"),
    ],
)
def test_what_goes_wrong_inside_is_logged_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception, status: int, code: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(messages, "search_messages", fail)
    with caplog.at_level(logging.WARNING, "hub.problems"):
        answer = key_client("read").get("/api/v1/messages")
    body = assert_problem(answer, status, code)
    assert "hunter22" not in str(body)
    assert "secret" not in str(body)
    assert [record.name for record in caplog.records if record.name == "hub.problems"]
    assert ("Retry-After" in answer) is (status == 503)


@given(
    st.recursive(
        st.just(ErrorDetail("wrong", "invalid")),
        lambda inner: (
            st.lists(inner, min_size=1, max_size=3) | st.dictionaries(st.text(), inner, min_size=1, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_every_fault_of_a_serializer_is_told_with_a_place(detail: Any) -> None:
    faults = list(flatten(detail))
    assert faults
    assert all(fault["message"] == "wrong" and fault["code"] == "invalid" for fault in faults)
    assert all(fault["path"] == "" or fault["path"].startswith("/") for fault in faults)


def test_the_root_lists_addresses_that_exist() -> None:
    client = key_client("admin")
    addresses = client.get("/api/v1/").json()
    assert {"messages", "packets", "devices", "docs"} <= set(addresses)
    addresses.pop("events")  # a stream, which this client cannot read
    for address in addresses.values():
        assert client.get(address).status_code == 200, address


def test_the_root_leaves_no_resource_out() -> None:
    asked_with_more = {"api-root", "devices-detect", "meters-report", "rereadenv"}
    routes = (pattern for included in v1 for pattern in getattr(included, "url_patterns", [included]))
    names = {route.name for route in routes if "<" not in str(route.pattern)}
    assert names - asked_with_more <= set(NAMES)


def test_the_openapi_document_is_made_without_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--api-version", "1")
    assert "warning" not in capsys.readouterr().err.lower()


def test_the_openapi_document_names_every_call_its_problems_and_the_packet(client: Client) -> None:
    document = client.get("/api/schema/?format=json").json()
    assert {"post", "get"} <= set(document["paths"]["/api/v1/packets"])
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert PROBLEM in operation["responses"]["default"]["content"], path
    packet = document["components"]["schemas"]["Packet"]
    assert "$ref" not in str(packet)
    assert "device_id" in packet["properties"]


def test_the_documentation_loads_nothing_from_elsewhere(client: Client) -> None:
    page = client.get("/api/docs/")
    assert page.status_code == 200
    assert b"http://" not in page.content
    assert b"https://" not in page.content
    assert b"<script>" not in page.content


@pytest.mark.parametrize("has_redis", [True, False])
def test_the_process_is_alive_and_ready_and_says_when_redis_is_away(
    client: Client, monkeypatch: pytest.MonkeyPatch, *, has_redis: bool
) -> None:
    monkeypatch.setattr(health, "is_redis_there", lambda: has_redis)
    assert client.get("/health/live").json() == {"status": "alive"}
    ready = client.get("/health/ready")
    expected = {"status": "ready", "database": True, "redis": has_redis, "degraded": not has_redis}
    assert (ready.status_code, ready.json()) == (200, expected)


def test_without_the_database_the_process_is_alive_but_not_ready(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away:
        def cursor(self) -> None:
            raise DatabaseError("away")

    monkeypatch.setattr(health, "connection", Away())
    assert client.get("/health/live").status_code == 200
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["database"]) == (503, False)
