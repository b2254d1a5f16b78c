"""The admin page of API keys."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from hub.access.known_keys import known_keys
from hub.access.models import ApiKey

pytestmark = pytest.mark.django_db
URL = "/admin/hub/apikey/"
KEY = re.compile(r"[A-Za-z0-9]{8}\.[A-Za-z0-9]{32}")


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("anna"))
    return client


def make(client: Client, **values: Any) -> Any:
    return client.post(f"{URL}add/", {"name": "gateway", "scopes": ["submit", "read"]} | values, follow=True)


def test_a_new_key_is_shown_once_and_works(client: Client) -> None:
    shown = KEY.search(make(client).content.decode())
    assert shown
    assert ApiKey.objects.get().scopes == ["read", "submit"]
    assert known_keys.get(shown.group()) is not None
    for page in (URL, f"{URL}{ApiKey.objects.get().pk}/change/"):
        answer = client.get(page, follow=True)
        assert answer.status_code == 200
        assert not KEY.search(answer.content.decode())


@pytest.mark.parametrize("scopes", [[], ["nonsense"]])
def test_a_key_needs_known_scopes(client: Client, scopes: list[str]) -> None:
    make(client, scopes=scopes)
    assert not ApiKey.objects.exists()


def test_a_key_can_be_revoked(client: Client) -> None:
    make(client)
    key = ApiKey.objects.get()
    client.post(f"{URL}{key.pk}/change/", {"name": "gateway", "scopes": ["read"], "revoked": "on"})
    key.refresh_from_db()
    assert key.revoked


def test_the_keys_of_the_library_which_open_nothing_have_no_page(client: Client) -> None:
    assert client.get("/admin/rest_framework_api_key/apikey/").status_code == 404
