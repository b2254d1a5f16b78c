"""One line a request, at the configured level, and one when a stream opens and closes."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator

from hub.api.access_log import AccessLog

LOGGER = "hub.access_log"


def an_application(status: int = 200, content_type: bytes = b"application/json") -> Any:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4401})
            return
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", content_type)]})
        await send({"type": "http.response.body", "body": b""})

    return AccessLog(application)


async def ask(application: Any, **scope: Any) -> None:
    whole = {"type": "http", "method": "GET", "path": "/a b", "headers": [], "client": ("192.0.2.7", 1)} | scope
    talk: Any = ApplicationCommunicator(application, whole)  # type: ignore[no-untyped-call]
    await talk.wait(10)


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture, settings: Any) -> pytest.LogCaptureFixture:
    settings.PATCHBAY_LOG_ACCESS = "INFO"
    caplog.set_level(logging.INFO, LOGGER)
    return caplog


async def test_a_request_is_one_line_with_its_status_time_and_client(lines: pytest.LogCaptureFixture) -> None:
    await ask(an_application(404), path="/api/v1/x", raw_path=b"/api/v1/x?key=secret")

    (record,) = lines.records
    assert record.getMessage() == "GET /api/v1/x 404"
    assert vars(record)["client"] == "192.0.2.7"
    assert vars(record)["ms"] >= 0


async def test_a_path_cannot_write_lines_of_its_own(lines: pytest.LogCaptureFixture) -> None:
    await ask(an_application(), path="/a\nERROR forged")

    assert "\n" not in lines.records[0].getMessage()


async def test_a_stream_is_told_when_it_opens_and_when_it_closes(lines: pytest.LogCaptureFixture) -> None:
    await ask(an_application(content_type=b"text/event-stream; charset=utf-8"), path="/api/v1/events")

    assert [record.getMessage() for record in lines.records] == [
        "GET /api/v1/events opened",
        "GET /api/v1/events closed",
    ]


async def test_a_live_page_is_told_with_its_close_code(lines: pytest.LogCaptureFixture) -> None:
    await ask(an_application(), type="websocket", path="/ws/live/")

    assert vars(lines.records[-1])["code"] == 4401


async def test_by_default_requests_are_told_at_debug_only(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, LOGGER)
    await ask(an_application())
    assert caplog.records == []
    caplog.set_level(logging.DEBUG, LOGGER)
    await ask(an_application())
    assert [record.levelname for record in caplog.records] == ["DEBUG"]


async def test_off_is_off(caplog: pytest.LogCaptureFixture, settings: Any) -> None:
    settings.PATCHBAY_LOG_ACCESS = "OFF"
    caplog.set_level(logging.DEBUG, LOGGER)

    await ask(an_application(content_type=b"text/event-stream"))

    assert caplog.records == []
