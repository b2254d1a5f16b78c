"""What every kind of action is: a name, declared options, and (if a task carries it) how one Delivery goes out.

A new kind is one file in this package and its line in `registry.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Any, ClassVar
from uuid import UUID

import orjson

from telemetry.options import Option, OptionFault, check_options
from telemetry.values import Json, Verdict

MAX_KEPT_CHARACTERS = 8_000
"""How much of an answer or an output is kept with its Delivery."""

EXPIRY = Option(
    name="expiry",
    kind=int,
    default=0,
    minimum=0,
    maximum=2**31 - 1,
    label="Expires after",
    help="Seconds after which it is no longer tried; 0: it waits for as long as it takes",
)


@dataclass(frozen=True, slots=True)
class Task:
    """One Delivery in the hands of the action that carries it out."""

    id: UUID
    payload: bytes
    rule: str
    source: str
    created_at: datetime
    message_id: UUID | None = None

    @property
    def document(self) -> Json:
        """The payload as JSON; as text if it is not JSON; None if it is neither."""
        try:
            return orjson.loads(self.payload)
        except ValueError:
            pass
        try:
            return self.payload.decode()
        except UnicodeDecodeError:
            return None


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of it. `result` is kept with the Delivery; `retry_after_s` is what the target asked for."""

    verdict: Verdict
    reason: str = ""
    result: Json = None
    retry_after_s: float = 0.0


class ActionKind(ABC):
    """A kind of action. `main` names the option that may stand for all: `{script: report.py}`."""

    name: ClassVar[str]
    label: ClassVar[str]
    does: ClassVar[str]
    """What it does, as people say it: "push an event to open pages"."""
    help: ClassVar[str]
    options: ClassVar[Sequence[Option]]
    main: ClassVar[str]

    def __init__(self, given: Mapping[str, Any]) -> None:
        """Raises OptionFault."""
        self.given = check_options(self.options, given)
        if not self.given[self.main]:
            raise OptionFault(self.main, "is missing")
        self.check()

    def check(self) -> None:  # noqa: B027 - most kinds have nothing to add
        """What the single options cannot tell; raises OptionFault."""

    @property
    def expiry_s(self) -> int | None:
        """After how many seconds a Delivery of this action is no longer tried."""
        return self.given.get(EXPIRY.name) or None

    @classmethod
    def said(cls, given: Mapping[str, Any]) -> str:
        """Where it goes, for a list; never a secret."""
        return str(given.get(cls.main, ""))

    @classmethod
    def warnings(cls, given: Mapping[str, Any]) -> list[str]:
        """What can be saved so but will not work, in plain sentences."""
        return []

    @classmethod
    def secret_names(cls) -> frozenset[str]:
        """The options that are secrets."""
        return frozenset(option.name for option in cls.options if option.is_secret)


class CarriedAction(ActionKind):
    """A kind that a task carries out, one Delivery at a time."""

    @property
    @abstractmethod
    def limit_s(self) -> float:
        """How long `carry` takes at most."""

    @abstractmethod
    def carry(self, task: Task, stopping: Event) -> Carried:
        """Carry one Delivery out within `limit_s`; sooner, with RETURNED, if `stopping` is set. Raises nothing."""


def cut(text: str) -> str:
    """As much of it as is kept, with no NUL (which no database keeps in JSON)."""
    return text[:MAX_KEPT_CHARACTERS].encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
