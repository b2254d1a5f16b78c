"""The words beside a status code. The web server's library calls those that it does not know "Unknown Status"."""

from __future__ import annotations

from http import HTTPStatus

from twisted.web.http import RESPONSES


def name_statuses() -> None:
    """Teach it the standard's words for all codes, such as 429 Too Many Requests."""
    for status in HTTPStatus:
        RESPONSES.setdefault(status.value, status.phrase.encode())
