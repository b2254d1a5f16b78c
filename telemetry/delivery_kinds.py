"""The kinds of Deliveries: those that the data path itself tells apart, and those that are kinds of actions.

The bridges say which actions there are, so that nothing has to be written here for a new one. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

PUBLISH: Final = "publish"
WRITE: Final = "write"
BATCH: Final = "batch"

_OWN: Final = ((PUBLISH, "publish"), (WRITE, "write"), (BATCH, "part of a batch"))
_sources: list[Callable[[], Iterable[tuple[str, str]]]] = []


def register_delivery_kinds(source: Callable[[], Iterable[tuple[str, str]]]) -> None:
    """Have `source` asked for more kinds, each with what people call it."""
    _sources.append(source)


def delivery_kinds() -> list[tuple[str, str]]:
    """Every kind, with what people call it."""
    return [*_OWN, *(kind for source in _sources for kind in source())]
