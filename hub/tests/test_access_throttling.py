"""Rates: who is held back, for how long, and that nobody is while Redis is away."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from redis.exceptions import ConnectionError as RedisConnectionError

from hub.access import throttling
from hub.access.throttling import Meter, Rate, parse_rate
from hub.tests.api_support import key_client

pytestmark = pytest.mark.django_db
RATE = Rate(limit=10, period_s=60)


@pytest.fixture(autouse=True)
def fresh_cache() -> None:
    cache.clear()


def test_a_caller_beyond_its_rate_is_told_when_to_come_again(settings: Any) -> None:
    settings.PATCHBAY_RATES = {"read": "3/minute"}
    client = key_client("read")
    assert [client.get("/api/v1/messages").status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = client.get("/api/v1/messages")
    assert answer.json()["code"] == "throttled"
    assert 1 <= int(answer["Retry-After"]) <= 61
    assert answer["RateLimit-Policy"] == '"read";q=3;w=60'
    assert answer["RateLimit"].startswith('"read";r=0;t=')


def test_each_key_and_each_scope_has_its_own_rate(settings: Any) -> None:
    settings.PATCHBAY_RATES = {"read": "1/minute", "submit": "1/minute"}
    first, second = key_client("admin"), key_client("admin")
    assert first.get("/api/v1/messages").status_code == 200
    assert first.get("/api/v1/messages").status_code == 429
    assert second.get("/api/v1/messages").status_code == 200
    assert first.post("/api/v1/packets", "{", "application/json").status_code == 400
    assert first.post("/api/v1/packets", "{", "application/json").status_code == 429


def test_a_scope_without_a_limit_is_not_counted(settings: Any) -> None:
    settings.PATCHBAY_RATES = {"read": None}
    client = key_client("read")
    assert {client.get("/api/v1/messages").status_code for _ in range(5)} == {200}


def test_every_answer_tells_the_rate(settings: Any) -> None:
    settings.PATCHBAY_RATES = {"read": "9/day"}
    answer = key_client("read").get("/api/v1/messages")
    assert (answer.status_code, answer["RateLimit-Policy"]) == (200, '"read";q=9;w=86400')
    assert answer["RateLimit"].startswith('"read";r=8;t=')


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Api-Key 12345678.12345678901234567890123456789012"}])
def test_strangers_are_counted_by_their_address(settings: Any, headers: dict[str, str]) -> None:
    settings.PATCHBAY_RATES = {"anonymous": "2/day"}
    client = Client(headers=headers)
    assert [client.get("/api/v1/messages").status_code for _ in range(3)] == [401, 401, 429]
    assert client.get("/api/v1/messages")["Retry-After"]
    assert client.get("/api/v1/messages", REMOTE_ADDR="192.0.2.9").status_code == 401
    assert key_client("read").get("/api/v1/messages").status_code == 200


def test_a_call_that_needs_no_key_is_counted_too(settings: Any) -> None:
    settings.PATCHBAY_RATES = {"anonymous": "1/day"}
    assert [Client().get("/api/v1/ping").status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize(("is_trusted", "last"), [(True, 401), (False, 429)])
def test_behind_a_trusted_proxy_the_address_is_the_one_that_it_tells(
    settings: Any, *, is_trusted: bool, last: int
) -> None:
    settings.PATCHBAY_RATES = {"anonymous": "1/day"}
    settings.PATCHBAY_TRUST_PROXY = is_trusted
    for client, status in (("198.51.100.1", 401), ("198.51.100.2", last)):
        assert Client().get("/api/v1/status", headers={"X-Forwarded-For": f"x, {client}"}).status_code == status


@pytest.mark.parametrize("path", ["/login/", "/admin/login/"])
def test_attempts_to_log_in_are_bounded(settings: Any, path: str) -> None:
    settings.PATCHBAY_RATES = {"login": "2/day"}
    tries = [Client().post(path, {"username": "u", "password": "p"}) for _ in range(3)]
    assert [answer.status_code for answer in tries] == [200, 200, 429]
    assert tries[-1]["Retry-After"]


def test_two_processes_share_one_count() -> None:
    one, other = Meter(), Meter()
    allowed = [meter.spend("key:a", RATE, 1000.0).is_allowed for _ in range(8) for meter in (one, other)]
    assert sum(allowed) == 10


def test_a_new_period_starts_afresh() -> None:
    meter = Meter()
    for _ in range(11):
        last = meter.spend("key:a", RATE, 60.0)
    assert (last.is_allowed, last.remaining, last.reset_s) == (False, 0, 60.0)
    assert meter.spend("key:a", RATE, 120.0).is_allowed


def test_a_fast_caller_does_not_ask_redis_for_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def add_shared(key: str, count: int, timeout_s: int) -> int:
        asked.append(count)
        return sum(asked)

    monkeypatch.setattr(throttling, "_add_shared", add_shared)
    meter = Meter()
    for number in range(1000):
        meter.spend("key:a", Rate(60_000, 60), 1000.0 + number / 10_000)
    assert len(asked) < 20
    assert sum(asked) <= 1000


class Away:
    """A cache whose Redis is not there."""

    def add(self, *_: Any) -> None:
        raise RedisConnectionError("no")

    incr = add


def test_without_redis_nobody_is_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "cache", Away())
    meter = Meter()
    assert all(meter.spend("key:a", RATE, 1000.0).is_allowed for _ in range(50))


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("600/minute", Rate(600, 60)),
        ("5/s", Rate(5, 1)),
        ("1/hour", Rate(1, 3600)),
        ("9/day", Rate(9, 86_400)),
        (None, None),
    ],
)
def test_rates_are_read_as_they_are_written(text: str | None, rate: Rate | None) -> None:
    assert parse_rate(text) == rate
