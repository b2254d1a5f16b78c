"""Finds kinds of actions by name: the one list of them. A new kind is one file and one line here."""

from __future__ import annotations

from typing import Final

from bridges.actions.base import ActionKind, CarriedAction
from bridges.actions.event import EventAction
from bridges.actions.notify import NotifyAction
from bridges.actions.script import ScriptAction
from bridges.actions.webhook import WebhookAction

ACTIONS: Final[dict[str, type[ActionKind]]] = {
    kind.name: kind for kind in (EventAction, WebhookAction, ScriptAction, NotifyAction)
}
CARRIED: Final[dict[str, type[CarriedAction]]] = {
    name: kind for name, kind in ACTIONS.items() if issubclass(kind, CarriedAction)
}
