"""What an expression names and what it can cost, as far as its text tells. Data only; `syntax` fills it in."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from bridges.rules.paths import Path

CHARACTERS_A_NODE = 128
"""How much text is as dear to copy as one more item."""


class Need(StrEnum):
    """What an expression wants of a path."""

    VALUE = "value"
    PRESENCE = "presence"  # has(payload.a), and a key in `'a' in payload`
    MEMBERSHIP = "membership"  # the thing that `'a' in ...` is asked of


@dataclass(frozen=True, slots=True)
class Use:
    """One place where an expression names a path."""

    path: Path
    need: Need
    is_in_body: bool = False  # inside a macro, so looked at once an item


@dataclass(slots=True)
class Shape:
    """What an expression names, and the counts that its cost follows from."""

    uses: list[Use] = field(default_factory=list)
    path: Path | None = None  # set when the expression is nothing but this path
    operators: int = 0
    additions: int = 0
    matches: int = 0
    longest_literal: int = 0
    macros: int = 0
    is_building: bool = False  # map or filter: the library copies the growing list at every item
    body_operations: int = 0
    body_growth: int = 0  # what one item can multiply: additions and elements of literals inside macros

    def work(self, *, nodes: int, longest: int, characters: int, inner: int) -> int:
        """About how many 40 ns steps the library may take; `inner` is what the bodies of macros look at as wholes.

        It copies both sides of every `+`, and in map and filter the list so far at every item.
        """
        content = nodes + characters // CHARACTERS_A_NODE
        copies = self.additions**2 * (nodes + characters // 20) // 2
        if not self.macros:
            return copies
        items = max(longest, self.longest_literal)
        steps = items * (self.body_operations + self.additions**2) * (1 + inner)
        if self.is_building:
            steps += (1 + self.body_growth) * items * (items * (1 + inner) + content)
        return copies + steps * self.macros
