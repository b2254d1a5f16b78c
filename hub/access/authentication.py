"""Recognises callers by `Authorization: Api-Key …`. Sessions are Django's and come second."""

from __future__ import annotations

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from hub.access.known_keys import KnownKey, known_keys
from hub.access.throttling import address_of, hold_back_stranger

SCHEME = "Api-Key"


class KeyHolder:
    """The `request.user` of a request with a key: authenticated, but no row of the user table."""

    pk = None
    is_authenticated = True
    is_active = True
    is_anonymous = False
    is_staff = False
    is_superuser = False

    def __init__(self, key: KnownKey) -> None:
        self.username = key.owner

    def has_perm(self, permission: str, row: object = None) -> bool:
        """None: a key has scopes instead."""
        return False


def key_in(header: str) -> KnownKey | None:
    """The valid key in an `Authorization` header, None if it holds none; raises AuthenticationFailed."""
    scheme, _, key = header.partition(" ")
    if scheme.lower() != SCHEME.lower():
        return None
    known = known_keys.get(key.strip())
    if known is None:
        failure = AuthenticationFailed("This key is unknown, revoked or expired.")
        failure.auth_header = SCHEME  # type: ignore[attr-defined] # as views do it
        raise failure
    return known


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Api-Key PREFIX.SECRET`."""

    def authenticate(self, request: Request) -> tuple[KeyHolder, KnownKey] | None:
        """The holder and the key, None if no key was given; raises AuthenticationFailed."""
        try:
            known = key_in(request.META.get("HTTP_AUTHORIZATION", ""))
        except AuthenticationFailed:
            hold_back_stranger(address_of(request))
            raise
        return (KeyHolder(known), known) if known else None

    def authenticate_header(self, request: Request) -> str:
        """The challenge of a 401."""
        return SCHEME
