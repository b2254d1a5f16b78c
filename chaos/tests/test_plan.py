"""What breaks when: repeatable, and all of it back in time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chaos.plan import Fault, draw


def test_a_seed_says_it_all_and_another_one_something_else() -> None:
    assert draw(7, 120) == draw(7, 120)
    assert draw(7, 120) != draw(8, 120)


def test_in_two_minutes_everything_breaks() -> None:
    assert {step.fault for step in draw(1, 120)} == set(Fault)


@given(st.integers(0, 10**6), st.floats(1, 600))
def test_nothing_breaks_twice_at_once_and_all_is_back_before_the_end(seed: int, seconds: float) -> None:
    down: set[Fault] = set()
    for step in draw(seed, seconds):
        assert step.at_s < seconds
        assert (step.fault in down) is step.is_end
        down ^= {step.fault}
    assert not down
