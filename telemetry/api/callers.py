"""Who calls: what a view may know of its caller without knowing how the project checks keys."""

from __future__ import annotations

from rest_framework.request import Request


def owner_of(request: Request) -> str:
    """A stable name of the caller: `key:PREFIX` for an API key, `user:ID` for a session."""
    owner = getattr(request.auth, "owner", "")
    return owner or f"user:{request.user.pk}"
