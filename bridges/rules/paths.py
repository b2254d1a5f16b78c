"""Paths into a message (`payload.a['b-c'][0]`): how they are written, looked up and cut out of a whole.

Pure Python; it must never walk more of a message than the paths name, unless the whole of a value is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from telemetry.values import Json

Step = str | int
Path = tuple[Step, ...]
"""The first step is the variable's name."""

ABSENT: Final = object()
"""What `look_up` answers when there is nothing at the path."""

MAX_INDEX = 999
"""The highest list index an expression may name."""


def say(path: Path) -> str:
    """The path as a person would write it."""
    said = str(path[0])
    for step in path[1:]:
        if isinstance(step, str) and step.isascii() and step.isidentifier():
            said += f".{step}"
        else:
            said += f"[{step!r}]"
    return said


def look_up(variables: object, path: Path) -> Any:
    """The value at the path, or ABSENT. The variables are attributes; from there on it is items."""
    value: Any = getattr(variables, str(path[0]))
    for step in path[1:]:
        value = _step_into(value, step)
        if value is ABSENT:
            return ABSENT
    return value


def _step_into(value: Any, step: Step) -> Any:
    if isinstance(step, str):
        return value.get(step, ABSENT) if isinstance(value, dict) else ABSENT
    if isinstance(value, (list, tuple)) and -len(value) <= step < len(value):
        return value[step]
    return ABSENT


@dataclass(slots=True)
class Tally:
    """How much an expression was given: what the limits are measured on."""

    nodes: int = 0
    longest: int = 0  # items in the longest list or object
    characters: int = 0
    depth: int = 0

    def count(self, whole: Json, *, stop_at: int) -> None:
        """Count everything within `whole`, level by level; gives up (with what it has) beyond `stop_at` nodes."""
        level = [whole]
        depth = 0
        while level and self.nodes <= stop_at:
            depth += 1
            below: list[Json] = []
            for value in level:
                self._count_one(value, below)
            level = below
        self.depth = max(self.depth, depth)

    def _count_one(self, value: Json, below: list[Json]) -> None:
        if isinstance(value, str):
            self.characters += len(value)
        elif isinstance(value, dict):
            self._count_items(len(value))
            below.extend(value.values())
            self.characters += sum(len(key) for key in value if isinstance(key, str))
        elif isinstance(value, (list, tuple)):
            self._count_items(len(value))
            below.extend(value)

    def _count_items(self, size: int) -> None:
        self.nodes += size
        self.longest = max(self.longest, size)


@dataclass(slots=True)
class Cutting:
    """Which parts of one value are wanted: a tree of steps. A step that leads nowhere is simply left out."""

    is_whole: bool = False
    is_whole_list: bool = False  # `'a' in x`: a key when x is an object, but every item when it is a list
    steps: dict[Step, Cutting] = field(default_factory=dict)

    def want(self, path: Path) -> Cutting:
        """The cutting at the end of `path`, made if need be."""
        cutting = self
        for step in path:
            cutting = cutting.steps.setdefault(step, Cutting())
        return cutting

    def cut(self, value: Any, tally: Tally, *, stop_at: int) -> Any:
        """`value` with only the wanted parts in it; what is given whole is counted."""
        if isinstance(value, str):
            tally.characters += len(value)
            return value
        if isinstance(value, dict):
            if not self.is_whole:
                return {
                    step: below.cut(value[step], tally, stop_at=stop_at)
                    for step, below in self.steps.items()
                    if step in value
                }
        elif isinstance(value, (list, tuple)):
            if not (self.is_whole or self.is_whole_list):
                return self._cut_list(value, tally, stop_at=stop_at)
        else:
            return value
        tally.count(value, stop_at=stop_at)
        return value

    def _cut_list(self, value: list[Json] | tuple[Json, ...], tally: Tally, *, stop_at: int) -> list[Json]:
        wanted = {step: below for step, below in self.steps.items() if isinstance(step, int) and step < len(value)}
        items: list[Json] = [None] * (max(wanted, default=-1) + 1)
        for index, below in wanted.items():
            items[index] = below.cut(value[index], tally, stop_at=stop_at)
        return items
