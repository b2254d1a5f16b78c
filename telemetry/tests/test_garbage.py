"""What a process was made of is not looked through for cycles again; what it makes later still is."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from telemetry.processes.garbage import tame_garbage_collector


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    """The collector of the tests themselves stays as it was."""
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


class Node:
    def __init__(self) -> None:
        self.other = self


def test_what_was_loaded_is_set_aside_and_later_cycles_are_found() -> None:
    tame_garbage_collector()
    assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold()[0] > 700
    found = weakref.ref(Node())
    gc.collect()
    assert found() is None
