"""What the tests of access share: keys, and clients that use them."""

from __future__ import annotations

from django.test import Client

from hub.access.models import ApiKey


def make_key(*scopes: str) -> str:
    """The text of a new key with these scopes."""
    _, key = ApiKey.objects.create_key(name="a test", scopes=list(scopes))
    return str(key)


def key_client(*scopes: str) -> Client:
    """A client that sends a new key with these scopes."""
    return Client(headers={"Authorization": f"Api-Key {make_key(*scopes)}"})
