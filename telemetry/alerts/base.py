"""What every kind of alert rule is: declared options, and which subjects are bad. Pure; the facts are handed in.

A new kind is one file in `kinds/` and its line in `registry.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol

from telemetry.options import Option, check_options

CLEAR = Option(
    name="clear_s",
    kind=float,
    default=30.0,
    minimum=0,
    maximum=86_400,
    label="Good again for",
    help="Seconds for which it must be good before the alert is cleared",
)


def lasting(default_s: float) -> Option:
    """The option that says how long it must be bad."""
    return Option(
        name="for_s",
        kind=float,
        default=default_s,
        minimum=0,
        maximum=604_800,
        label="Bad for",
        help="Seconds for which it must be bad before anybody is told",
    )


@dataclass(frozen=True, slots=True)
class Finding:
    """A subject that is bad now, and why: one plain sentence for a person."""

    subject: str
    detail: str


@dataclass(frozen=True, slots=True)
class LinkFact:
    """An enabled link: its state in the words of `telemetry.links`."""

    key: str
    state: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DeviceFact:
    """A configured device: when it was last heard of, and the usual time between two messages if it has a habit."""

    name: str
    heard_at: datetime | None
    usual_s: float | None


@dataclass(frozen=True, slots=True)
class ValueFact:
    """The newest reading of a device's metric."""

    device: str
    metric: str
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class QueueFact:
    """What waits for one target."""

    target: str
    waiting: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class DiskFact:
    """The disk under a host's data."""

    host: str
    free_bytes: int
    total_bytes: int


@dataclass(frozen=True, slots=True)
class CertificateFact:
    """A certificate that is in use; `what` tells which of the subject's it is."""

    subject: str
    what: str
    expires_at: datetime


class World(Protocol):
    """How the hub is now. Each fact is read at its first use, once for all rules."""

    @property
    def now(self) -> datetime: ...
    @property
    def watched_since(self) -> datetime:
        """Since when somebody looks: what happened while the hub was off is nobody's silence."""
        ...

    @property
    def links(self) -> Sequence[LinkFact]: ...
    @property
    def devices(self) -> Sequence[DeviceFact]: ...
    @property
    def values(self) -> Sequence[ValueFact]: ...
    @property
    def queues(self) -> Sequence[QueueFact]: ...
    @property
    def disks(self) -> Sequence[DiskFact]: ...
    @property
    def certificates(self) -> Sequence[CertificateFact]: ...

    def errors(self, within_s: float) -> Mapping[str, int]:
        """Dead letters and dead deliveries of the last seconds, by source or target."""
        ...


class AlertKind(ABC):
    """A kind of alert rule."""

    name: ClassVar[str]
    label: ClassVar[str]
    help: ClassVar[str]
    options: ClassVar[Sequence[Option]]

    def __init__(self, given: Mapping[str, Any] | None = None) -> None:
        """Raises OptionFault."""
        self.given = check_options(self.options, given or {})
        self.check()

    def check(self) -> None:  # noqa: B027 - most kinds have nothing to add
        """What the single options cannot tell; raises OptionFault."""

    @property
    def for_s(self) -> float:
        """For how long a subject must be bad before anybody is told."""
        return float(self.given.get("for_s", 0.0))

    @property
    def clear_s(self) -> float:
        """For how long it must be good before the alert is cleared."""
        return float(self.given.get(CLEAR.name, CLEAR.default))

    @abstractmethod
    def find(self, world: World, standing: Collection[str]) -> Iterable[Finding]:
        """The subjects that are bad now. For those with a standing alert the bar is lower, so that none flaps."""


def span(seconds: float) -> str:
    """A time as people say it: 45 s, 12 min, 3 h, 2 days."""
    for size, word in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {word}"
    return f"{seconds:.0f} s"
