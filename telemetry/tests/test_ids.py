"""The ids of rows: RFC 9562 version 7, rising, and bounds of time."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from telemetry.ids import IdGenerator, hour_in, lowest_id, new_id, time_of

AT = datetime(2026, 3, 1, 12, 0, 0, 5000, tzinfo=UTC)


def test_an_id_is_a_uuid_of_version_7_like_any_other() -> None:
    made = new_id()
    again = UUID(str(made))
    assert (made.version, made.variant) == (7, RFC_4122)
    assert (made, hash(made), made.is_safe) == (again, hash(again), again.is_safe)


def test_ids_rise_though_the_clock_stands_or_goes_back() -> None:
    clock = iter([1000, 1000, 500, 2000])
    generator = IdGenerator(lambda: next(clock))
    made = [generator() for _ in range(4)]
    assert made == sorted(made)


def test_ids_go_on_above_the_newest_stored_one() -> None:
    newest = IdGenerator(lambda: 9_000)()
    generator = IdGenerator(lambda: 1_000)
    generator.start_after(newest)
    assert generator() > newest


def test_two_processes_make_different_ids_in_the_same_tick() -> None:
    generator = IdGenerator(lambda: 1_000)
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        os.write(writer, generator().bytes)
        os._exit(0)
    os.waitpid(pid, 0)
    theirs, ours = UUID(bytes=os.read(reader, 16)), generator()
    assert theirs.int >> 62 == ours.int >> 62
    assert theirs != ours


@given(st.integers(0, 250_000_000_000_000_000))
def test_the_time_of_an_id_is_kept_to_the_millisecond(microseconds: int) -> None:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
    found = time_of(lowest_id(at))
    assert timedelta(0) <= at - found < timedelta(milliseconds=1)
    assert hour_in(lowest_id(at)) == at.replace(minute=0, second=0, microsecond=0)


def test_the_lowest_id_of_a_time_bounds_all_ids_from_then_on() -> None:
    milliseconds = int(AT.timestamp() * 1000)
    assert IdGenerator(lambda: milliseconds - 1)() < lowest_id(AT) <= IdGenerator(lambda: milliseconds)()
