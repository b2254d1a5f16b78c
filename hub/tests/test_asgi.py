"""Who may open a WebSocket, and that both protocols are answered."""

from __future__ import annotations

from typing import Any

import pytest
from channels.testing import HttpCommunicator, WebsocketCommunicator

from hub.asgi import BrowserOriginValidator, application


async def test_http_is_answered_by_django() -> None:
    response = await HttpCommunicator(application, "GET", "/nowhere", headers=[(b"host", b"localhost")]).get_response(
        timeout=20
    )

    assert response["status"] == 404


@pytest.mark.parametrize(
    ("headers", "is_let_in"),
    [
        ([(b"origin", b"http://localhost:8000")], True),
        ([(b"origin", b"https://foreign.example.org")], False),
        ([], True),
    ],
)
async def test_only_pages_of_the_hub_and_programs_are_let_in(
    headers: list[tuple[bytes, bytes]], *, is_let_in: bool
) -> None:
    async def live(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.accept"})

    guarded = BrowserOriginValidator(live, ["localhost"])
    communicator = WebsocketCommunicator(guarded, "/ws/live/", headers=headers)

    assert (await communicator.connect(timeout=20))[0] is is_let_in
