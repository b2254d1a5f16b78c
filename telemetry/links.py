"""The contract between a link (a serial port, an MQTT session) and the process that hosts it.

Pure. A link never touches the database: it hands arrivals and outcomes to its host and is told, after
the commit, what to acknowledge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from telemetry.values import Arrival, Outcome, Outgoing


class LinkState(StrEnum):
    """Where a link stands, in the words that the pages show."""

    WAITING = "waiting"  # no worker holds it (none at its site, or none yet)
    CONNECTING = "connecting"
    CONNECTED = "connected"
    LOST = "lost"  # it will be tried again by itself
    REFUSED = "refused"  # it will not be tried again before its configuration changes
    DISABLED = "disabled"


class LinkLost(Exception):
    """The other side is away (port gone, network down). The link tries again with backoff."""


class LinkRefused(Exception):
    """The other side said no (wrong password, bad certificate). The link stops until its configuration changes."""


@dataclass(frozen=True, slots=True)
class LinkReport:
    """A change of a link's state. `detail` is one plain sentence for a person, without secrets.

    `since` is when the state began, so that two connections are told apart even if no report between them was kept;
    None where nobody knows.
    """

    link: str
    state: LinkState
    detail: str = ""
    warning: str = ""  # something to mend although the link works, e.g. a broker that drops
    holds_back: bool = False  # connected, but it takes no Outgoings now: a printer without paper
    since: datetime | None = None

    def after(self, before: LinkReport | None, now: datetime) -> LinkReport:
        """The same report, its state dated: as in the report before it if that was in the same state, else now."""
        return replace(self, since=before.since if before and before.state is self.state else now)


class LinkHost(Protocol):
    """What a link may ask of the process that hosts it. Every method is thread-safe and quick."""

    def offer(self, arrivals: Sequence[Arrival]) -> int:
        """Take arrivals into the bounded inbox, in order; answers how many were taken (a prefix)."""
        ...

    def offer_and_wait(self, arrivals: Sequence[Arrival], timeout_s: float) -> int:
        """As `offer`, but waits for room up to `timeout_s`: for sources that can be made to wait."""
        ...

    def conclude(self, outcomes: Sequence[Outcome]) -> None:
        """Hand in what became of Outgoings that this link was given."""
        ...

    def report(self, report: LinkReport) -> None:
        """Hand in a change of state."""
        ...

    def dropped(self, link: str, count: int) -> None:
        """Count QoS 0 messages that were dropped because the inbox was full."""
        ...


class Link(Protocol):
    """One connection that the hub keeps open. It owns its threads; every method is thread-safe."""

    key: str
    window: int
    """How many Outgoings it may hold at once."""

    def start(self) -> None:
        """Start the link's threads and return at once."""
        ...

    def stop(self, timeout_s: float) -> bool:
        """End cleanly: send what can be sent, return the rest, close; False if a thread still ran at the end."""
        ...

    def acknowledge(self, arrivals: Sequence[Arrival]) -> None:
        """These arrivals are committed (in order of receipt): answer the source."""
        ...

    def send(self, items: Sequence[Outgoing]) -> None:
        """Carry these out, in order. Every item gets exactly one Outcome, sooner or later."""
        ...
