"""MQTT topic names and filters: which are allowed, and which filter matches which name. Pure.

Rules from the MQTT 5.0 standard, sections 1.5.4, 4.7 and 4.8.2. Control characters are refused as well, which the
standard allows a server to do and Mosquitto does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

MAX_BYTES = 65_535
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")


class TopicFault(ValueError):
    """A topic name or filter that MQTT does not allow. The text is for a person."""


def check_name(text: str) -> None:
    """Raises TopicFault unless `text` can be the topic of a message."""
    _check_text(text, "topic")
    for wildcard in "+#":
        if wildcard in text:
            raise TopicFault(f"a topic to publish to cannot hold '{wildcard}'")


def check_filter(text: str) -> None:
    """Raises TopicFault unless `text` can be subscribed to; `$share/GROUP/FILTER` is understood."""
    _check_text(text, "filter")
    if text == "$share" or text.startswith("$share/"):
        _check_share(text)
    levels = plain_filter(text).split("/")
    for place, level in enumerate(levels, start=1):
        if "#" in level and level != "#":
            raise TopicFault(f"'#' must be a whole level, not part of '{level}'")
        if "#" in level and place < len(levels):
            raise TopicFault("'#' must be the last level")
        if "+" in level and level != "+":
            raise TopicFault(f"'+' must be a whole level, not part of '{level}'")


def _check_text(text: str, kind: str) -> None:
    if not text:
        raise TopicFault(f"a {kind} cannot be empty")
    unprintable = _UNPRINTABLE.search(text)
    if unprintable:
        raise TopicFault(f"a {kind} cannot hold the character {unprintable.group()!r}")
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise TopicFault(f"a {kind} cannot hold half a character (a lone surrogate)") from None
    if size > MAX_BYTES:
        raise TopicFault(f"a {kind} has at most {MAX_BYTES:,} bytes, this one {size:,}")


def _check_share(text: str) -> None:
    parts = text.split("/", 2)
    if len(parts) < 3 or not parts[1] or not parts[2]:
        raise TopicFault("a shared subscription is written $share/GROUP/FILTER")
    if "+" in parts[1] or "#" in parts[1]:
        raise TopicFault("the group of a shared subscription cannot hold '+' or '#'")


def plain_filter(text: str) -> str:
    """The filter that names are matched with: of `$share/GROUP/FILTER`, the FILTER."""
    return text.split("/", 2)[-1] if text.startswith("$share/") else text


def matches(topic_filter: str, name: str) -> bool:
    """Whether a message of topic `name` belongs to the filter. Wildcards in front never match a leading '$'."""
    wanted, levels = plain_filter(topic_filter).split("/"), name.split("/")
    if name.startswith("$") and wanted[0] in ("+", "#"):
        return False
    for place, level in enumerate(wanted):
        if level == "#":
            return True
        if place >= len(levels) or level not in ("+", levels[place]):
            return False
    return len(wanted) == len(levels)


def overlap(filter_a: str, filter_b: str) -> bool:
    """Whether some name matches both filters."""
    a, b = plain_filter(filter_a).split("/"), plain_filter(filter_b).split("/")
    for wild, other in ((a[0], b[0]), (b[0], a[0])):
        if wild in ("+", "#") and other.startswith("$"):
            return False
    for level_a, level_b in zip(a, b, strict=False):
        if "#" in (level_a, level_b):
            return True
        if level_a != level_b and "+" not in (level_a, level_b):
            return False
    longer = a if len(a) > len(b) else b
    shorter = min(len(a), len(b))
    return len(a) == len(b) or longer[shorter:] == ["#"]


@dataclass(slots=True)
class _Node(Generic[T]):
    levels: dict[str, _Node[T]] = field(default_factory=dict)
    values: list[T] = field(default_factory=list)


class FilterTrie(Generic[T]):
    """Values by filter; finds those of all filters that match a name without trying each filter."""

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()

    def add(self, topic_filter: str, value: T) -> None:
        """Keep `value` under the filter; several values may share one filter."""
        node = self._root
        for level in plain_filter(topic_filter).split("/"):
            node = node.levels.setdefault(level, _Node())
        node.values.append(value)

    def remove(self, topic_filter: str, value: T) -> None:
        """Forget one such value under the filter; raises KeyError if there is none."""
        levels = plain_filter(topic_filter).split("/")
        nodes = [self._root]
        for level in levels:
            below = nodes[-1].levels.get(level)
            if below is None:
                raise KeyError(topic_filter)
            nodes.append(below)
        if value not in nodes[-1].values:
            raise KeyError(topic_filter)
        nodes[-1].values.remove(value)
        for level, above, node in zip(reversed(levels), reversed(nodes[:-1]), reversed(nodes), strict=False):
            if node.values or node.levels:
                break
            del above.levels[level]

    def match(self, name: str) -> list[T]:
        """The values whose filter matches, most specific first: level by level, a literal before '+' before '#'."""
        return [value for node in self._matching(name.split("/")) for value in node.values]

    def _matching(self, levels: list[str]) -> Iterator[_Node[T]]:
        # A node and how many levels led to it; -1 marks a node to give out as it is. No recursion: a name may
        # have tens of thousands of levels.
        stack = [(self._root, 0)]
        while stack:
            node, depth = stack.pop()
            if depth < 0 or depth == len(levels):
                yield node
            if depth < 0:
                continue
            is_hidden = depth == 0 and levels[0].startswith("$")
            if "#" in node.levels and not is_hidden:
                stack.append((node.levels["#"], -1))
            if depth == len(levels):
                continue
            if "+" in node.levels and not is_hidden:
                stack.append((node.levels["+"], depth + 1))
            literal = node.levels.get(levels[depth])
            if literal is not None and levels[depth] not in ("+", "#"):
                stack.append((literal, depth + 1))
