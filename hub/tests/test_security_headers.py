"""The headers that tell a browser what a page may load."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client

from hub.security_headers import POLICY, security_headers


def test_a_page_may_load_only_the_hubs_own_files(client: Client) -> None:
    response = client.get("/nowhere")

    assert response.headers["Content-Security-Policy"] == POLICY
    assert "script-src" not in POLICY
    assert POLICY.startswith("default-src 'self'; ")


async def test_an_async_page_has_the_same_headers(async_client: AsyncClient) -> None:
    response = await async_client.get("/nowhere")

    assert response.headers["Content-Security-Policy"] == POLICY
    assert response.headers["X-Frame-Options"] == "DENY"


def test_a_view_may_set_a_policy_of_its_own() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(headers={"Content-Security-Policy": "default-src 'none'"})

    response = security_headers(view)(HttpRequest())

    assert response.headers["Content-Security-Policy"] == "default-src 'none'"  # type: ignore[union-attr]
