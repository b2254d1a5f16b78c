"""Lets a caller do what its key's scopes, or its user's permissions, allow.

A view says `required_scopes = {"GET": "read", "POST": "configure"}`; what it does not name is refused. A view that
edits rows names their model as `permission_model`, so that Django's permissions hold for signed-in users.
"""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from hub.access.known_keys import KnownKey
from hub.access.scopes import ADMIN, scope_of
from hub.access.throttling import address_of, hold_back_stranger

_ACTIONS = {"POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"}


def require_scope(key: KnownKey, scope: str) -> None:
    """The key has this scope; raises PermissionDenied."""
    if scope not in key.scopes:
        raise PermissionDenied(f"This needs a key with the scope {scope!r}.", code="scope_missing")


class ScopePermission(BasePermission):
    """Keys by scope; signed-in staff by Django's permissions; nobody else."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether the call may go on; raises PermissionDenied with the scope that is missing."""
        if not request.user or not request.user.is_authenticated:
            hold_back_stranger(address_of(request))
            return False
        scope = scope_of(request, view)
        if scope is None:
            return str(request.method).lower() not in view.http_method_names or not _has_handler(view, request)
        if isinstance(request.auth, KnownKey):
            require_scope(request.auth, scope)
            return True
        if scope == ADMIN:
            return bool(request.user.is_superuser)
        return bool(request.user.is_staff) and _is_permitted(request, view)


def _has_handler(view: Any, request: Request) -> bool:
    return hasattr(view, str(request.method).lower())


def _is_permitted(request: Request, view: Any) -> bool:
    model = getattr(view, "permission_model", None)
    action = _ACTIONS.get(str(request.method))
    if model is None or action is None:
        return True
    return bool(request.user.has_perm(f"{model._meta.app_label}.{action}_{model._meta.model_name}"))
