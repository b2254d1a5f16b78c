"""Finds kinds of actions by name: the one list of them. A new kind is one file and one line here.

The file has a `CarriedAction`, which a task carries out. The form in the admin, the field in REST and in the config
file, the kinds of actions and of Deliveries all come from the list. `event` alone needs no task: a commit delivers it.
"""

from __future__ import annotations

from typing import Final

from bridges.actions.base import ActionKind, CarriedAction
from bridges.actions.event import EventAction
from bridges.actions.notify import NotifyAction
from bridges.actions.script import ScriptAction
from bridges.actions.webhook import WebhookAction
from telemetry.delivery_kinds import register_delivery_kinds

ACTIONS: Final[dict[str, type[ActionKind]]] = {
    kind.name: kind for kind in (EventAction, WebhookAction, ScriptAction, NotifyAction)
}
register_delivery_kinds(lambda: [(kind.name, kind.label.lower()) for kind in ACTIONS.values()])
CARRIED: Final[dict[str, type[CarriedAction]]] = {
    name: kind for name, kind in ACTIONS.items() if issubclass(kind, CarriedAction)
}
