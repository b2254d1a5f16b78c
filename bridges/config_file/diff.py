"""What an import would change, object by object and field by field, in words. Pure; it never shows a secret."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

Secrets: TypeAlias = Mapping[str, tuple[str, ...]]
_ORDERED = "transform"
"""The one mapping whose order means something: that of the keys in the output."""


class ChangeKind(StrEnum):
    """What happens to an object."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


_SIGNS = {ChangeKind.ADDED: "+", ChangeKind.CHANGED: "~", ChangeKind.REMOVED: "-"}
MAX_VALUE_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One object as it was or will be: its plain shape, and its secrets to compare."""

    shape: Mapping[str, Any]
    secrets: Secrets


@dataclass(frozen=True, slots=True)
class Change:
    """What happens to one object; `fields` are lines such as `port: 1883 -> 8883`."""

    kind: ChangeKind
    noun: str
    name: str
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        head = f"{_SIGNS[self.kind]} {self.noun} {self.name}"
        return "\n".join((head, *(f"    {line}" for line in self.fields)))


def changed_fields(before: Snapshot, after: Snapshot) -> tuple[str, ...]:
    """A line for each field that differs; empty if the two are equal."""
    old, new = dict(_flat(before.shape)), dict(_flat(after.shape))
    lines = [
        f"{key}: {_said(old.get(key))} -> {_said(new.get(key))}"
        for key in dict.fromkeys((*old, *new))
        if old.get(key) != new.get(key)
    ]
    secret = [f"{key}: changed" for key in after.secrets if before.secrets.get(key) != after.secrets[key]]
    return (*lines, *secret)


def _flat(shape: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in shape.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{name}.")
            if name == _ORDERED:
                yield "order of transform", ", ".join(value)
        else:
            yield name, value or None if isinstance(value, Mapping | list | str) else value


def _said(value: Any) -> str:
    text = "(none)" if value is None else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= MAX_VALUE_CHARACTERS else f"{text[: MAX_VALUE_CHARACTERS - 1]}…"
