"""What a device pack says, as plain values. Pure; `reading` makes one of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bridges.config_file.faults import Path
from bridges.config_file.reader import Document
from bridges.packs.settings import Setting


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happens in a test: something arrives, a command is given, or time passes."""

    path: Path
    line: bytes | None = None  # from a serial device
    device: str = ""  # which one, where the pack has several
    topic: str | None = None
    payload: bytes = b""
    is_retained: bool = False
    packet: bytes | None = None  # submitted over REST
    command: str | None = None  # by its name
    asked: bytes | None = None  # a question after a printer's status, and its answer
    answered: bytes = b""
    wait_s: float | None = None
    log: str | None = None  # what `mosquitto_sub -v` shows: a topic, a blank and a payload on each line
    expect: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackTest:
    """A sample and what the pack must make of it. `at` is when it arrives; `settings` go before the examples."""

    name: str
    path: Path
    source: str
    at: datetime
    settings: Mapping[str, Any]
    steps: Sequence[Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulator:
    """What plays the product: arguments of `python -m simulators`, with settings to be filled in."""

    arguments: Sequence[str]
    faults: Mapping[str, Sequence[str]] = field(default_factory=dict)  # what goes wrong -> more arguments


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """One product. `config` is what a config file would say, with `{setting.NAME}` in its texts."""

    name: str
    title: str
    category: str
    products: Sequence[str]
    summary: str
    doc: str
    settings: Sequence[Setting]
    config: Mapping[str, Any]
    tests: Sequence[PackTest]
    simulators: Sequence[Simulator]
    document: Document
    digest: str

    def setting(self, name: str) -> Setting | None:
        """The setting of that name."""
        return next((setting for setting in self.settings if setting.name == name), None)

    def matches(self, words: str) -> bool:
        """Whether all these words stand somewhere in what people read of it."""
        text = " ".join((self.name, self.title, self.category, *self.products, self.summary, self.doc)).lower()
        return all(word in text for word in words.lower().split())
