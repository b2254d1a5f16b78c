"""What is wrong with a config file, and where. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

Path: TypeAlias = tuple[str | int, ...]
"""The place of a value: ('brokers', 0, 'port')."""
MAX_KEY = 100
"""So much of a key is said; a long one stands in the place of each fault below it."""


def spelled(path: Path) -> str:
    """The place as people read it: `brokers[0].port`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step[:MAX_KEY]}" for step in path)
    return text.removeprefix(".")


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that must be mended, or (in a list of warnings) looked at."""

    line: int
    path: Path
    message: str

    def __str__(self) -> str:
        place = f"{spelled(self.path)}: " if self.path else ""
        return f"{self.line}: {place}{self.message}"


class ConfigFileRefused(Exception):
    """The file is not imported; `faults` says everything that is wrong with it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = sorted(faults, key=lambda fault: (fault.line, spelled(fault.path), fault.message))
