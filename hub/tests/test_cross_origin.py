"""Pages from elsewhere: only those of the configured origins, on every way into the API."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.cache import cache
from django.test import Client

from hub.api.packet_gate import PacketGate
from hub.tests.api_support import key_client

pytestmark = pytest.mark.django_db
SHOP = "https://shop.example.org"


@pytest.fixture(autouse=True)
def allowed(settings: Any) -> None:
    cache.clear()
    settings.CORS_ALLOWED_ORIGINS = [SHOP]


def test_a_preflight_of_an_allowed_origin_may_send_a_key(client: Client) -> None:
    headers = {
        "Origin": SHOP,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }

    answer = client.options("/api/v1/packets", headers=headers)

    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (200, SHOP)
    assert {"authorization", "idempotency-key", "last-event-id"} <= set(
        answer["Access-Control-Allow-Headers"].replace(" ", "").split(",")
    )


def test_an_allowed_origin_may_read_the_answer_and_its_rate() -> None:
    answer = key_client("read").get("/api/v1/messages", headers={"Origin": SHOP})

    assert answer["Access-Control-Allow-Origin"] == SHOP
    assert "RateLimit" in answer["Access-Control-Expose-Headers"]


def test_an_event_stream_is_open_to_an_allowed_origin() -> None:
    answer = key_client("submit").get("/api/v1/events", headers={"Origin": SHOP})

    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (403, SHOP)


def test_another_origin_is_told_nothing() -> None:
    answer = key_client("read").get("/api/v1/messages", headers={"Origin": "https://foreign.example.org"})

    assert "Access-Control-Allow-Origin" not in answer


def test_the_session_of_a_person_is_never_offered_to_a_page_from_elsewhere(client: Client) -> None:
    answer = client.get("/api/v1/ping", headers={"Origin": SHOP})

    assert "Access-Control-Allow-Credentials" not in answer


def test_the_admin_is_not_open_to_other_origins(client: Client) -> None:
    assert "Access-Control-Allow-Origin" not in client.get("/admin/login/", headers={"Origin": SHOP})


async def test_the_short_way_for_packets_leaves_pages_from_elsewhere_to_django() -> None:
    async def django(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    headers = [(b"authorization", b"Api-Key x"), (b"origin", SHOP.encode())]
    scope = {"type": "http", "method": "POST", "path": "/api/v1/packets", "headers": headers, "query_string": b""}
    talk: Any = ApplicationCommunicator(PacketGate(django), scope)  # type: ignore[no-untyped-call]

    assert (await talk.receive_output(10))["status"] == 299
