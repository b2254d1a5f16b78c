"""Decides who may listen, by the project's own authentication and permission classes, and asks again meanwhile.

Works from the ASGI scope alone, so that WebSockets and streams are judged alike. It reads the database: call it in a
thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import SimpleCookie
from importlib import import_module
from io import BytesIO
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.core.handlers.asgi import ASGIRequest
from django.db import Error as DatabaseError
from django.http import HttpRequest
from rest_framework.exceptions import APIException, NotAuthenticated, PermissionDenied
from rest_framework.views import APIView

RECHECK_S = 60.0
"""A session that ended, or a key that was revoked, is cut off after this time at the latest."""
NOT_LOGGED_IN = 4401
NOT_ALLOWED = 4403
"""Close codes of the live protocol."""


class Listening(APIView):
    """What is asked for, in the words of the permission classes: never routed, never called."""

    required_scopes = {"GET": "read"}

    def get(self, request: HttpRequest) -> None:
        """Its being there says that GET is a call of this view."""


def admit(scope: Mapping[str, Any]) -> None:
    """Raise NotAuthenticated, AuthenticationFailed or PermissionDenied if this caller may not listen (now)."""
    gate = Listening()
    request = gate.initialize_request(_as_request(scope))
    gate.perform_authentication(request)
    if not request.user.is_authenticated:
        raise NotAuthenticated
    gate.check_permissions(request)


def refusal(scope: Mapping[str, Any]) -> int | None:
    """The close code for this caller, None if it may listen."""
    try:
        admit(scope)
    except PermissionDenied:
        return NOT_ALLOWED
    except APIException:
        return NOT_LOGGED_IN
    return None


def still_refused(scope: Mapping[str, Any]) -> int | None:
    """As `refusal`, for one who listens already: a database that is away cuts nobody off."""
    try:
        return refusal(scope)
    except DatabaseError:
        return None


def _as_request(scope: Mapping[str, Any]) -> HttpRequest:
    """A fresh GET request with the caller's headers, and with the session as the database has it now."""
    request = ASGIRequest({**scope, "type": "http", "method": "GET"}, BytesIO())
    cookies = SimpleCookie(request.META.get("HTTP_COOKIE", ""))
    cookie = cookies.get(settings.SESSION_COOKIE_NAME)
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(cookie.value if cookie else None)
    request.user = get_user(request)
    return request
