"""Who may listen to live events: sessions of staff, and API keys by scope."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from hub.access.known_keys import known_keys
from hub.access.models import ApiKey
from telemetry.live.access import NOT_ALLOWED, NOT_LOGGED_IN, refusal

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _forget_keys() -> Iterator[None]:
    known_keys.forget()
    yield
    known_keys.forget()


def scope_with(name: str, value: str) -> dict[str, object]:
    return {"path": "/ws/live/", "query_string": b"", "headers": [(name.encode(), value.encode())]}


def answer_to_key(*scopes: str) -> int | None:
    _, key = ApiKey.objects.create_key(name="reader", scopes=list(scopes))
    return refusal(scope_with("authorization", f"Api-Key {key}"))


def answer_to_user(*, is_staff: bool) -> int | None:
    client = Client()
    client.force_login(User.objects.create_user("ann", is_staff=is_staff))
    return refusal(scope_with("cookie", f"{settings.SESSION_COOKIE_NAME}={client.session.session_key}"))


def test_a_key_that_may_read_may_listen() -> None:
    assert answer_to_key("read") is None


def test_a_key_that_may_do_everything_may_listen() -> None:
    assert answer_to_key("admin") is None


def test_a_key_that_may_only_submit_may_not_listen() -> None:
    assert answer_to_key("submit") == NOT_ALLOWED


def test_staff_may_listen() -> None:
    assert answer_to_user(is_staff=True) is None


def test_a_user_who_is_not_staff_may_not_listen() -> None:
    assert answer_to_user(is_staff=False) == NOT_ALLOWED


def test_a_stranger_may_not_listen() -> None:
    assert refusal(scope_with("host", "localhost")) == NOT_LOGGED_IN
