"""What stands beside a status code on the wire."""

from __future__ import annotations

import pytest
from twisted.web.http import Request
from twisted.web.test.requesthelper import DummyChannel

import hub.asgi  # noqa: F401 - what the web server loads


@pytest.mark.parametrize(
    ("status", "words"), [(429, b"Too Many Requests"), (422, b"Unprocessable Entity"), (200, b"OK")]
)
def test_a_status_is_told_in_the_standard_s_words(status: int, words: bytes) -> None:
    request = Request(DummyChannel())  # type: ignore[arg-type, no-untyped-call] # Twisted's stand-in has no types
    request.setResponseCode(status)
    assert request.code_message == words
