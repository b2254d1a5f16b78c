"""Who may open a WebSocket, and that both protocols are answered."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
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


def test_what_a_web_process_has_loaded_is_not_looked_through_for_dead_objects(tmp_path: Path) -> None:
    asked = "import hub.asgi, gc; print(gc.get_freeze_count())"
    environment = os.environ | {"DATA_DIR": str(tmp_path), "PATCHBAY_ENV_FILE": os.devnull, "LOG_FILE": "-"}
    done = subprocess.run(
        [sys.executable, "-c", asked], env=environment, capture_output=True, text=True, timeout=50, check=True
    )
    assert int(done.stdout.split()[-1]) > 100_000
