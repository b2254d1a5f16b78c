"""The action `event`: pushes to every open page and event stream, at the commit. History keeps it as a Delivery."""

from __future__ import annotations

import re

from bridges.actions.base import ActionKind
from telemetry.options import Option, OptionFault

_NAME = re.compile(r"\A[^\x00-\x1f]{1,100}\Z")


class EventAction(ActionKind):
    """Nothing can fail: it is delivered with the transaction that makes it."""

    name = "event"
    label = "Event"
    does = "push an event to open pages"
    help = "Pushed to open pages and event streams under its name"
    main = "name"
    options = (
        Option(
            name="name", kind=str, default="", label="Event name", help="What listeners know it by, e.g. overheated"
        ),
    )

    def check(self) -> None:
        """The name is one line."""
        if not _NAME.match(self.given["name"]):
            raise OptionFault("name", "must be one line of at most 100 characters")
