"""The pace of a target: never more than its rate over a second, never less than it may."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridges.couriers.pace import Pace
from bridges.tests.test_courier import draft, open_courier, outgoing
from telemetry.values import Outcome, Verdict


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_slow_pace_lets_one_go_and_the_next_after_its_time() -> None:
    clock = Clock()
    pace = Pace(2, clock)
    assert pace.allows == 1
    pace.take(1)
    assert pace.allows == 0
    assert pace.pause_s(1) == 0.5
    clock.now += 0.5
    assert pace.allows == 1


def test_silence_saves_up_a_tenth_of_a_second_and_no_more() -> None:
    clock = Clock()
    pace = Pace(200, clock)
    clock.now += 3600
    assert pace.allows == 20


@given(rate=st.floats(0.1, 5000), steps=st.lists(st.tuples(st.floats(0.0001, 0.3), st.integers(0, 1000)), max_size=100))
def test_no_stretch_of_time_sees_more_than_the_rate_and_one_bucket(rate: float, steps: list[tuple[float, int]]) -> None:
    clock = Clock()
    pace = Pace(rate, clock)
    began, taken = clock.now, 0
    for step_s, wanted in steps:
        clock.now += step_s
        count = min(wanted, max(0, pace.allows))
        pace.take(count)
        taken += count
        assert taken <= pace.bucket + rate * (clock.now - began) + 1e-6


def test_a_courier_with_a_pace_takes_no_more_than_that_of_what_was_just_committed() -> None:
    clock = Clock()
    courier = open_courier(window=100)
    courier.pace = Pace(20, clock)  # two at once
    drafts = [draft() for _ in range(5)]
    taken = courier.accept(drafts)
    courier.carry(taken, outgoing(taken))
    assert taken == drafts[:2]
    assert courier.is_behind
    assert not courier.wants_to_read
    assert courier.is_paused
    clock.now += courier.pause_s
    assert courier.wants_to_read


def test_a_paced_courier_whose_window_is_full_waits_for_answers_and_not_for_its_pace() -> None:
    clock = Clock()
    courier = open_courier(window=1, is_caught_up=False)
    courier.pace = Pace(1000, clock)
    one = draft()
    courier.carry([one], outgoing([one]))
    assert not courier.is_paused
    courier.settle([Outcome(one.id, Verdict.DELIVERED)])
    assert courier.wants_to_read


def test_a_message_that_came_back_costs_a_token_again_when_it_goes_out_again() -> None:
    clock = Clock()
    courier = open_courier(window=4, is_caught_up=False)
    courier.pace = Pace(1, clock)
    one = draft()
    courier.carry([one], outgoing([one]))
    courier.settle([Outcome(one.id, Verdict.RETURNED)])
    assert courier.room == 0
