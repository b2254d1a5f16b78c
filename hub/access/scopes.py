"""What a key may do. Pure.

`read`, `submit`, `command` and `relay` stand each for themselves; who may `configure` may also read what there is to
configure; `admin` may do everything.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

READ, SUBMIT, COMMAND, RELAY, CONFIGURE, ADMIN = SCOPES = (
    "read",
    "submit",
    "command",
    "relay",
    "configure",
    "admin",
)
MEANINGS = {
    READ: "see messages, readings, deliveries, status and configuration",
    SUBMIT: "submit packets",
    COMMAND: "write to devices, send deliveries again",
    RELAY: "switch the relays of power meters",
    CONFIGURE: "read, and change devices, brokers, topics and rules",
    ADMIN: "everything",
}
_IMPLIED = {CONFIGURE: {READ}, ADMIN: set(SCOPES)}


def expand(scopes: Iterable[str]) -> frozenset[str]:
    """These scopes and all that they imply."""
    given = set(scopes) & set(SCOPES)
    return frozenset(given.union(*(_IMPLIED.get(scope, set()) for scope in given)))


_AS = {"HEAD": "GET", "OPTIONS": "GET"}


def scope_of(request: Any, view: Any) -> str | None:
    """The scope that this call needs, as the view's `required_scopes` say; None if it names none."""
    method = str(request.method)
    scopes: dict[str, str] = getattr(view, "required_scopes", {})
    return scopes.get(_AS.get(method, method))
