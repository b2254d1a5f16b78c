"""When a silent device counts as away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bridges.discovery.presence import is_present, silence_allowed_s

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def heard(*pauses_s: float) -> list[datetime]:
    times = [NOW]
    for pause_s in pauses_s:
        times.append(times[-1] - timedelta(seconds=pause_s))
    return times


@pytest.mark.parametrize(("every_s", "allowed_s"), [(1, 60), (30, 120), (60, 300), (900, 3600), (86_400, 604_800)])
def test_a_regular_device_is_away_after_two_and_a_half_pauses_at_least(every_s: float, allowed_s: int) -> None:
    assert silence_allowed_s(heard(*[every_s] * 20)) == allowed_s


def test_one_long_pause_in_which_it_was_switched_off_does_not_count() -> None:
    assert silence_allowed_s(heard(*[30.0] * 10, 100_000.0, *[30.0] * 9)) == 120


def test_a_device_that_speaks_in_bursts_has_the_time_between_them() -> None:
    assert silence_allowed_s(heard(*[1.0, 1.0, 3000.0] * 6)) == 14_400


def test_of_few_messages_nothing_is_judged() -> None:
    assert silence_allowed_s(heard(30, 30, 30)) is None
    assert is_present(NOW - timedelta(days=400), None, NOW)


def test_slower_than_a_week_is_never_away() -> None:
    assert silence_allowed_s(heard(*[700_000.0] * 8)) is None


def test_what_held_before_holds_on_until_it_is_clearly_wrong() -> None:
    assert silence_allowed_s(heard(*[46.0] * 20), before=120) == 120
    assert silence_allowed_s(heard(*[49.0] * 20), before=120) == 300
    assert silence_allowed_s(heard(*[40.0] * 20), before=300) == 300
    assert silence_allowed_s(heard(*[20.0] * 20), before=300) == 60


def test_it_is_away_when_the_time_is_over() -> None:
    assert is_present(NOW - timedelta(seconds=120), 120, NOW)
    assert not is_present(NOW - timedelta(seconds=121), 120, NOW)
