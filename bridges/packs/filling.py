"""Puts the values of settings into a pack's texts: into the values after YAML was read, never into YAML text. Pure.

What a value may be depends on where it is put. In an expression it becomes a literal, in a topic it may add no wildcard
and no placeholder, in a ticket's template (which is a program) it may not stand at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from bridges.config_file.faults import Path
from bridges.packs.pack import Pack
from bridges.packs.settings import check_values, is_broker_url

PLACE: Final = re.compile(r"\{setting\.(?P<name>[^{}\s]*)\}")
ONLY_WITH: Final = "only_with"
_UNQUOTED: Final = "setting."
_WILD: Final = frozenset("+#{}\x00")

Say = Callable[[Path, str], None]
"""Takes down a fault."""


class Filling:
    """One set of values. Faults are collected by `say`, and what is at fault stays as it was written.

    `wild` names the settings whose values may hold wildcards.
    """

    def __init__(self, values: Mapping[str, Any], say: Say, *, wild: frozenset[str] = frozenset()) -> None:
        self._values = values
        self._say = say
        self._wild = wild

    def config(self, value: Any, path: Path) -> Any:
        """A part of the pack's `config`, filled in. `path` begins with the section."""
        if isinstance(value, Mapping):
            return self._mapping(value, path)
        if isinstance(value, list):
            return [self.config(part, (*path, place)) for place, part in enumerate(value)]
        return self._text(value, path) if isinstance(value, str) else value

    def plain(self, value: Any, path: Path) -> Any:
        """As `config`, for texts that are only compared or shown."""
        if isinstance(value, Mapping):
            return {key: self.plain(part, (*path, key)) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.plain(part, (*path, place)) for place, part in enumerate(value)]
        return self._replaced(value, path, _as_text) if isinstance(value, str) else value

    def _mapping(self, value: Mapping[str, Any], path: Path) -> dict[str, Any]:
        filled = {}
        for key, part in value.items():
            if part is None and key.startswith(_UNQUOTED):
                self._say(path, f'Put quotes around it: "{{{key}}}".')
            elif PLACE.search(key):
                self._say((*path, key), "A setting cannot be a key.")
            filled[key] = self.config(part, (*path, key))
        return filled

    def _text(self, text: str, path: Path) -> Any:
        if is_template(path):
            if PLACE.search(text):
                self._say(path, "A template is a program, so no setting may stand in it.")
            return text
        if is_expression(path):
            return self._replaced(text, path, as_literal)
        whole = PLACE.fullmatch(text)
        if is_address(path):
            return self._replaced(text, path, _as_text, checks=self._topic_fault)
        if whole and whole["name"] in self._values:
            return self._values[whole["name"]]
        return self._replaced(text, path, _as_text)

    def _replaced(
        self,
        text: str,
        path: Path,
        said: Callable[[Any], str],
        *,
        checks: Callable[[str, str], str] | None = None,
    ) -> str:
        def value_of(place: re.Match[str]) -> str:
            name = place["name"]
            if name not in self._values:
                known = ", ".join(self._values) or "none"
                self._say(path, f"There is no setting {name!r}; known are {known}.")
                return place[0]
            value = said(self._values[name])
            if checks and (fault := checks(name, value)):
                self._say(path, fault)
            return value

        return PLACE.sub(value_of, text)

    def _topic_fault(self, name: str, value: str) -> str:
        if name not in self._wild and _WILD & set(value):
            return f"The setting {name} may hold none of + # {{ }} here: it is a part of a topic."
        return ""


def is_expression(path: Path) -> bool:
    """Whether this is CEL: a rule's condition, or a value of its transform."""
    return path[0] == "rules" and (path[2:] == ("condition",) or path[2:3] == ("transform",))


def is_template(path: Path) -> bool:
    """Whether this is Jinja: a ticket's template."""
    return path[0] == "tickets" and path[2:] == ("template",)


def is_address(path: Path) -> bool:
    """Whether this is a topic or a filter."""
    return path[0] == "topics" and path[2:] == ("filter",)


def as_literal(value: Any) -> str:
    """The value as CEL writes it: text in quotes, every number with decimals, as readings are."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(float(value))
    return orjson.dumps(value).decode()


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def tried_values(pack: Pack, more: Mapping[str, Any] | None = None) -> tuple[dict[str, Any], dict[str, str]]:
    """The values that tests run with, and what is wrong with them."""
    values, faults = check_values(pack.settings, {one.name: one.tried for one in pack.settings} | dict(more or {}))
    return {name: "broker" if is_broker_url(value) else value for name, value in values.items()}, faults


@dataclass(frozen=True, slots=True)
class Filled:
    """What a pack configures with some answers. Paths begin with the section; `places` are those in the pack's file."""

    config: Mapping[str, list[Any]]
    faults: Sequence[tuple[Path, str]]
    places: Mapping[str, list[int]]

    def lines(self, pack: Pack) -> dict[Path, int]:
        """The line of each place of `config`."""
        now = {(section, old): new for section, places in self.places.items() for new, old in enumerate(places)}
        lines = {}
        for path, line in pack.document.lines.items():
            if path[:1] == ("config",) and len(path) > 2 and (str(path[1]), path[2]) in now:
                lines[(path[1], now[str(path[1]), int(path[2])], *path[3:])] = line
            elif path[:1] == ("config",) and len(path) < 3:
                lines[path[1:]] = line
        return lines


def filled_config(pack: Pack, values: Mapping[str, Any]) -> Filled:
    """What the pack configures with these values, and what cannot be filled in.

    An object with `only_with: SETTING` is left out where that setting is empty or false.
    """
    faults: list[tuple[Path, str]] = []
    wild = frozenset(one.name for one in pack.settings if one.kind == "filter")
    filling = Filling(values, lambda path, text: faults.append((path, text)), wild=wild)
    config: dict[str, list[Any]] = {}
    places: dict[str, list[int]] = {}
    for section, items in pack.config.items():
        chosen = [(place, item) for place, item in enumerate(items or ()) if _is_wanted(item, values)]
        config[section] = [filling.config(_bare(item), (section, place)) for place, item in chosen]
        places[section] = [place for place, _ in chosen]
    return Filled({section: items for section, items in config.items() if items}, faults, places)


def _is_wanted(item: Any, values: Mapping[str, Any]) -> bool:
    name = item.get(ONLY_WITH) if isinstance(item, Mapping) else None
    return name is None or bool(values.get(name))


def _bare(item: Any) -> Any:
    return {key: part for key, part in item.items() if key != ONLY_WITH} if isinstance(item, Mapping) else item
