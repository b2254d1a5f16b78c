"""What a config file must look like before its objects are looked at: sections, objects with names, known keys."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from rest_framework import serializers

from bridges.config_file.faults import Fault, Path
from bridges.config_file.reader import Document
from bridges.config_file.sections import FILE_ORDER, Section, is_writable

VERSION = 1


@dataclass(frozen=True, slots=True)
class Item:
    """One object of the file: its name, its place, and its values without unknown keys."""

    name: str
    path: Path
    data: Mapping[str, Any]


Items: TypeAlias = dict[str, list[Item]]


@dataclass(slots=True)
class Structure:
    """The objects by section, and all that is wrong with the file's frame. `broken` holds (section, name)."""

    items: Items = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    broken: set[tuple[str, str]] = field(default_factory=set)


def check_structure(document: Document) -> Structure:
    """The objects that the file names. It raises nothing: faults are collected."""
    return _Check(document).run()


class _Check:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.found = Structure()

    def run(self) -> Structure:
        top = self.document.value
        if not isinstance(top, Mapping):
            self._fault((), "The file must start with `version: 1`, followed by its sections.")
            return self.found
        self._check_version(top)
        self._known_keys(top, (), ["version", *(section.name for section in FILE_ORDER)])
        for section in FILE_ORDER:
            if section.name in top:
                self.found.items[section.name] = self._items(section, top[section.name])
        return self.found

    def _check_version(self, top: Mapping[str, Any]) -> None:
        if "version" not in top:
            self._fault((), f"`version: {VERSION}` is missing.")
        elif top["version"] != VERSION or isinstance(top["version"], bool):
            self._fault(("version",), f"This hub reads version {VERSION}.")

    def _items(self, section: Section, given: Any) -> list[Item]:
        if given is None:
            given = []
        if not isinstance(given, list):
            self._fault((section.name,), "This must be a list.")
            return []
        items: dict[str, Item] = {}
        for place, data in enumerate(given):
            item = self._item(section, (section.name, place), data)
            if item is not None and item.name in items:
                line = self.document.fault(items[item.name].path, "").line
                self._fault((*item.path, "name"), f"The {section.noun} {item.name!r} stands already in line {line}.")
            elif item is not None:
                items[item.name] = item
        return list(items.values())

    def _item(self, section: Section, path: Path, data: Any) -> Item | None:
        if not isinstance(data, Mapping):
            self._fault(path, f"A {section.noun} is written as keys and values.")
            return None
        name = data.get("name")
        if not isinstance(name, str):
            self._fault((*path, "name"), "A name is text; put it in quotes." if name else "The name is missing.")
            return None
        before = len(self.found.faults)
        kept = self._without_unknown(section.serializer(context={"for_file": True}), data, path)
        if len(self.found.faults) > before:
            self.found.broken.add((section.name, name))
        return Item(name, path, kept)

    def _without_unknown(self, serializer: Any, data: Any, path: Path) -> Any:
        if isinstance(serializer, serializers.ListSerializer) and isinstance(data, list):
            return [self._without_unknown(serializer.child, part, (*path, n)) for n, part in enumerate(data)]
        if not isinstance(serializer, serializers.Serializer) or not isinstance(data, Mapping):
            return data
        known = [key for key in serializer.fields.keys() if is_writable(serializer, key)]  # noqa: SIM118 - not a dict
        self._known_keys(data, path, known)
        return {
            key: self._without_unknown(serializer.fields[key], value, (*path, key))
            for key, value in data.items()
            if key in known
        }

    def _known_keys(self, data: Mapping[str, Any], path: Path, known: list[str]) -> None:
        for key in data:
            if key not in known:
                close = difflib.get_close_matches(key, known, 1)
                hint = f"Did you mean {close[0]}?" if close else f"Known are {', '.join(known)}."
                self._fault((*path, key), f"This key is unknown. {hint}")

    def _fault(self, path: Path, message: str) -> None:
        self.found.faults.append(self.document.fault(path, message))
