"""The short way in for packets answers as the view does, and leaves everything else to Django."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.core.cache import cache
from django.db import OperationalError, connections
from django.test import Client

from bridges import intake
from hub.api import packet_gate
from hub.api.packet_gate import PacketGate
from hub.tests.api_support import make_key
from telemetry.api.wire import MAX_BODY_BYTES
from telemetry.models import Message

pytestmark = pytest.mark.django_db(transaction=True)
PACKET = b'{"device_id": "esp-1", "timestamp": 1700000000, "measurements": {"t": 21.50}}'


@pytest.fixture(autouse=True)
async def fresh() -> AsyncIterator[None]:
    cache.clear()
    yield
    intake.stop_intake()
    await sync_to_async(connections.close_all)()  # those of the thread behind the tests' own queries


async def django(scope: Any, receive: Any, send: Any) -> None:
    """What stands behind the gate."""
    await send({"type": "http.response.start", "status": 299, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def a_request(method: str = "POST", path: str = "/api/v1/packets", **headers: str) -> dict[str, Any]:
    pairs = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "http", "method": method, "path": path, "headers": pairs, "query_string": b""}


async def ask(scope: dict[str, Any], *parts: bytes) -> tuple[int, dict[str, str], Any]:
    talk: Any = ApplicationCommunicator(PacketGate(django), scope)  # type: ignore[no-untyped-call]
    for place, part in enumerate(parts or (b"",)):
        await talk.send_input({"type": "http.request", "body": part, "more_body": place + 1 < len(parts)})
    start = await talk.receive_output(30)
    body = (await talk.receive_output(30))["body"]
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], headers, json.loads(body) if body else None


@pytest.fixture
def key() -> str:
    return f"Api-Key {make_key('submit')}"


async def test_a_packet_is_stored_as_it_came_in_parts(key: str) -> None:
    status, headers, body = await ask(
        a_request(authorization=key, content_type="application/json; charset=utf-8"), PACKET[:10], PACKET[10:]
    )
    message = await Message.objects.aget()
    assert (status, body, headers["content-type"]) == (201, {"id": str(message.id)}, "application/json")
    assert bytes(message.payload) == PACKET


BODIES = [
    PACKET,
    b"[" + PACKET + b"," + PACKET + b"]",
    b"{",
    b"{}",
    b"[]",
    b"[{}]",
    b'{"a": NaN}',
    b'"\xff"',
    b" " * (MAX_BODY_BYTES + 1),
]


@pytest.mark.parametrize("body", BODIES, ids=[body[:12].decode("latin-1") for body in BODIES])
@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
@pytest.mark.parametrize("scope", ["submit", "read"])
async def test_the_gate_and_the_view_answer_alike(body: bytes, kind: str, scope: str) -> None:
    key = await sync_to_async(make_key)(scope)
    view = await sync_to_async(Client().post)(
        "/api/v1/packets", body, content_type=kind, headers={"Authorization": f"Api-Key {key}"}
    )
    status, headers, answer = await ask(a_request(authorization=f"Api-Key {key}", content_type=kind), body)
    assert (status, headers["content-type"]) == (view.status_code, view["Content-Type"])
    if status == 201:
        assert set(answer) == set(view.json())
    else:
        assert answer == view.json()


@pytest.mark.parametrize("wrong", ["Api-Key nonsense", "Api-Key aaaaaaaa." + "b" * 32, "api-key \xe9"])
async def test_a_wrong_key_is_refused(wrong: str) -> None:
    status, headers, body = await ask(a_request(authorization=wrong, content_type="application/json"), PACKET)
    assert (status, body["code"], headers["www-authenticate"]) == (401, "authentication_failed", "Api-Key")
    assert not await Message.objects.aexists()


async def test_a_caller_beyond_its_rate_is_told_when_to_come_again(key: str, settings: Any) -> None:
    settings.PATCHBAY_RATES = {"submit": "1/minute"}
    scope = a_request(authorization=key, content_type="application/json")
    assert (await ask(scope, PACKET))[0] == 201
    status, headers, body = await ask(scope, PACKET)
    assert (status, body["code"]) == (429, "throttled")
    assert int(headers["retry-after"]) >= 1
    assert headers["ratelimit-policy"] == '"submit";q=1;w=60'


async def test_the_same_idempotency_key_stores_once(key: str) -> None:
    scope = a_request(authorization=key, content_type="application/json", idempotency_key="a1")
    first, second = await ask(scope, PACKET), await ask(scope, PACKET)
    assert (first[0], first[2]) == (second[0], second[2])
    assert await Message.objects.acount() == 1


@pytest.mark.parametrize(
    "scope",
    [
        a_request(authorization="Basic eDp5"),
        a_request(cookie="session=1"),
        a_request(method="GET", authorization="Api-Key x"),
        a_request(path="/api/v1/packets/", authorization="Api-Key x"),
        a_request(path="/api/v1/messages", authorization="Api-Key x"),
    ],
)
async def test_whatever_else_comes_goes_on_to_django(scope: dict[str, Any]) -> None:
    assert (await ask(scope))[0] == 299


async def test_what_goes_wrong_inside_is_answered_and_not_shown(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OperationalError("password=hunter22")

    monkeypatch.setattr(packet_gate, "take_in", fail)
    status, headers, body = await ask(a_request(authorization=key, content_type="application/json"), PACKET)
    assert (status, body["code"], headers["retry-after"]) == (503, "database_unavailable", "5")
    assert "hunter22" not in str(body)


async def test_too_many_at_once_are_told_to_come_again(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packet_gate, "MOST_AT_ONCE", 0)
    status, headers, body = await ask(a_request(authorization=key, content_type="application/json"), PACKET)
    assert (status, body["code"]) == (503, "busy")
    assert "retry-after" in headers


async def test_a_client_that_leaves_before_the_end_stores_nothing(key: str) -> None:
    scope = a_request(authorization=key, content_type="application/json")
    talk: Any = ApplicationCommunicator(PacketGate(django), scope)  # type: ignore[no-untyped-call]
    await talk.send_input({"type": "http.request", "body": PACKET, "more_body": True})
    await talk.send_input({"type": "http.disconnect"})
    await talk.wait(10)
    assert not await Message.objects.aexists()


async def test_many_at_once_are_all_stored(key: str) -> None:
    scope = a_request(authorization=key, content_type="application/json")
    answers = await asyncio.gather(*(ask(scope, PACKET) for _ in range(40)))
    assert {status for status, _, _ in answers} == {201}
    assert len({body["id"] for _, _, body in answers}) == await Message.objects.acount() == 40


async def test_the_answer_tells_the_rate_of_the_key(key: str, settings: Any) -> None:
    settings.PATCHBAY_RATES = {"submit": "2/day"}
    asked = a_request(authorization=key, content_type="application/json")
    answers = [await ask(asked, PACKET) for _ in range(3)]

    assert [status for status, _, _ in answers] == [201, 201, 429]
    assert [headers["ratelimit"].partition(";t=")[0] for _, headers, _ in answers] == [
        '"submit";r=1',
        '"submit";r=0',
        '"submit";r=0',
    ]
    assert {headers["ratelimit-policy"] for _, headers, _ in answers} == {'"submit";q=2;w=86400'}


async def test_guessing_keys_is_bounded_by_address(settings: Any) -> None:
    settings.PATCHBAY_RATES = {"anonymous": "1/day"}
    wrong = a_request(authorization="Api-Key 12345678.12345678901234567890123456789012") | {"client": ("192.0.2.1", 9)}

    assert [(await ask(wrong, PACKET))[0] for _ in range(2)] == [401, 429]
    assert (await ask(wrong | {"client": ("192.0.2.2", 9)}, PACKET))[0] == 401
