"""API keys: who is let in, what a scope allows, and how soon a revoked key is refused."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from hub.access import known_keys as known_keys_module
from hub.access.known_keys import KnownKey, KnownKeys, known_keys
from hub.access.models import ApiKey
from hub.access.scopes import SCOPES, expand
from hub.tests.api_support import key_client, make_key

pytestmark = pytest.mark.django_db
READS = (
    "messages",
    "readings",
    "deliveries",
    "dead-letters",
    "packets",
    "status",
    "devices",
    "brokers",
    "topics",
    "rules",
    "packs",
    "packs/mt-sics",
)
ID = "019ca945-0a00-7000-8000-000000000000"
CALLS: list[tuple[str, str, str]] = [
    *[("get", name, "read") for name in READS],
    ("get", "schemas/packet", "read"),
    ("post", "packets", "submit"),
    ("post", "devices/scale/commands", "command"),
    ("post", f"deliveries/{ID}/redrive", "command"),
    ("post", "brokers/plant/test", "configure"),
    ("post", "rules/any/try", "configure"),
    ("post", "packs/mt-sics/install", "configure"),
    *[("post", name, "configure") for name in ("devices", "brokers", "topics", "rules")],
    *[(verb, "devices/scale", "configure") for verb in ("put", "patch", "delete")],
]


def call(client: Client, verb: str, name: str) -> Any:
    body = {} if verb in ("get", "delete") else {"data": b"{", "content_type": "application/json"}
    return getattr(client, verb)(f"/api/v1/{name}", **body)


@pytest.mark.parametrize(("verb", "name", "scope"), CALLS)
def test_each_call_needs_its_scope(verb: str, name: str, scope: str) -> None:
    for given in SCOPES:
        answer = call(key_client(given), verb, name)
        is_allowed = scope in expand([given])
        assert (answer.status_code == 403) is not is_allowed, (given, answer.status_code)
        if not is_allowed:
            assert answer.json()["code"] == "scope_missing"
            assert scope in answer.json()["detail"]


@pytest.mark.parametrize(("verb", "name", "scope"), CALLS)
def test_without_a_key_nothing_is_answered(verb: str, name: str, scope: str) -> None:
    answer = call(Client(), verb, name)
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Api-Key"


@pytest.mark.parametrize(
    "header",
    ["Api-Key nonsense", "Api-Key ", "Api-Key aaaaaaaa." + "b" * 32, "Api-Key \x00", "api-key x.y", "Api-Key é"],
)
def test_a_wrong_key_is_refused(header: str) -> None:
    answer = Client(headers={"Authorization": header}).get("/api/v1/ping")
    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_failed")


def test_another_scheme_is_no_key() -> None:
    answer = Client(headers={"Authorization": f"Bearer {make_key('read')}"}).get("/api/v1/status")
    assert answer.status_code == 401


def test_configure_implies_read_and_admin_everything() -> None:
    assert expand(["configure"]) == {"configure", "read"}
    assert expand(["admin"]) == set(SCOPES)
    assert expand(["submit"]) == {"submit"}
    assert expand(["nonsense"]) == frozenset()


def test_a_revoked_key_is_refused_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    client = key_client("read")
    assert client.get("/api/v1/messages").status_code == 200
    row = ApiKey.objects.get()
    row.revoked = True
    row.save()
    monkeypatch.setattr(known_keys, "_clock", lambda: 10**12)
    assert client.get("/api/v1/messages").status_code == 401


def test_a_key_that_was_checked_a_moment_ago_costs_no_query() -> None:
    client = key_client("read")
    client.get("/api/v1/schemas/packet")
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/api/v1/schemas/packet").status_code == 200
    assert len(queries) == 0


def test_an_expired_key_is_refused_even_if_it_was_checked_a_moment_ago() -> None:
    over = KnownKey("p", "n", frozenset(), datetime.now(UTC) - timedelta(seconds=1))
    assert KnownKeys(lambda _: over).get("aaaaaaaa." + "b" * 32) is None


def test_what_was_found_is_asked_again_after_its_time() -> None:
    now: list[float] = [0.0]
    asked: list[str] = []
    keys = KnownKeys(asked.append, clock=lambda: now[0])
    for moment in (0.0, known_keys_module.TTL_S - 0.1, known_keys_module.TTL_S + 0.1):
        now[0] = moment
        keys.get("aaaaaaaa." + "b" * 32)
    assert len(asked) == 2


def test_the_memory_of_keys_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_keys_module, "MOST_KEYS", 10)
    keys = KnownKeys(lambda _: None)
    for number in range(100):
        keys.get(f"{number:08}." + "b" * 32)
    assert len(keys._answers) <= 10


def test_the_use_of_a_key_is_noted_coarsely() -> None:
    client = key_client("read")
    client.get("/api/v1/messages")
    noted = ApiKey.objects.get().last_used_at
    assert noted is not None
    known_keys.forget()
    client.get("/api/v1/messages")
    assert ApiKey.objects.get().last_used_at == noted


def test_the_database_holds_no_key_in_plain() -> None:
    key = make_key("read")
    row = ApiKey.objects.get()
    secret = key.partition(".")[2]
    assert all(secret not in str(value) for value in vars(row).values())


def test_the_command_prints_a_key_that_works_once() -> None:
    out = io.StringIO()
    call_command("create_api_key", "the gateway", "--scope", "submit", "read", "--scope", "read", stdout=out)
    key = out.getvalue().strip()
    assert ApiKey.objects.get().scopes == ["read", "submit"]
    assert Client(headers={"Authorization": f"Api-Key {key}"}).get("/api/v1/messages").status_code == 200


@pytest.mark.parametrize(
    "arguments", [["x"], ["x", "--scope", "everything"], ["x" * 51, "--scope", "read"], ["", "--scope", "read"]]
)
def test_the_command_refuses_a_wrong_name_or_scope(arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("create_api_key", *arguments)
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("scopes", [[], ["nonsense"], "read", None])
def test_a_key_without_known_scopes_is_not_valid(scopes: Any) -> None:
    row = ApiKey(name="x", scopes=scopes)
    with pytest.raises(ValidationError):
        row.full_clean(exclude=["id", "prefix", "hashed_key"])
