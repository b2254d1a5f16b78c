"""The way of messages in transit to one target: their order, what comes back, what ends them. No database, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from bridges.couriers.pace import Pace
from bridges.tests.test_courier import draft
from bridges.transit.lane import Lane
from telemetry.recording.batch import DeliveryDraft
from telemetry.values import Outcome, Verdict

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LATER = 1e6


def lane_with(count: int, *, window: int = 10, may_repeat: bool = True) -> tuple[Lane, list[DeliveryDraft]]:
    lane = Lane("broker:central", window=window, may_repeat=may_repeat)
    drafts = [draft() for _ in range(count)]
    for one in drafts:
        lane.add(one)
    return lane, drafts


def take(lane: Lane, delivery: UUID, verdict: Verdict, *, abnormal: bool = False, tick: float = 0) -> str:
    """The state in which it ended; '' if it goes again."""
    end = lane.take(Outcome(delivery, verdict, "so it is", abnormal), tick=tick, now=NOW)
    return end.state if end else ""


def test_it_gives_as_many_as_its_window_holds_in_order() -> None:
    lane, drafts = lane_with(5, window=2)
    assert list(lane.next(0)) == drafts[:2]
    assert not lane.next(0)
    take(lane, drafts[0].id, Verdict.DELIVERED)
    assert list(lane.next(0)) == drafts[2:3]


def test_each_verdict_is_an_end_but_a_return() -> None:
    lane, drafts = lane_with(4, may_repeat=False)
    lane.next(0)
    verdicts = [Verdict.DELIVERED, Verdict.REFUSED, Verdict.UNKNOWN, Verdict.RETURNED]
    ends = [take(lane, one.id, verdict) for one, verdict in zip(drafts, verdicts, strict=True)]
    assert ends == ["delivered", "dead", "unknown", ""]


def test_a_write_that_may_repeat_goes_again_when_nobody_knows_its_end() -> None:
    lane, (one,) = lane_with(1, may_repeat=True)
    lane.next(0)
    assert take(lane, one.id, Verdict.UNKNOWN) == ""
    assert list(lane.next(LATER)) == [one]


def test_at_the_end_what_the_link_holds_is_unknown_unless_it_may_go_again() -> None:
    lane, drafts = lane_with(3, window=2, may_repeat=False)
    lane.next(0)
    assert [(one.id, one.state) for one in lane.give_up(NOW)] == [(one.id, "unknown") for one in drafts[:2]]
    assert not lane.give_up(NOW)
    other, _ = lane_with(1, may_repeat=True)
    other.next(0)
    assert not other.give_up(NOW)


def test_what_comes_back_goes_out_again_in_the_order_of_the_messages() -> None:
    lane, drafts = lane_with(6, window=3)
    lane.next(0)
    for one in (drafts[2], drafts[0], drafts[1]):
        take(lane, one.id, Verdict.RETURNED)
    assert list(lane.next(LATER)) == drafts[:3]


def test_a_target_that_is_away_is_left_alone_for_a_moment() -> None:
    lane, drafts = lane_with(2, window=1)
    lane._backoff._draw = lambda: 1.0
    lane.next(10.0)
    take(lane, drafts[0].id, Verdict.RETURNED, tick=10.0)
    assert lane.reason == "so it is"
    assert not lane.next(10.05)
    assert list(lane.next(10.11)) == drafts[:1]
    take(lane, drafts[0].id, Verdict.DELIVERED, tick=10.2)
    assert lane.reason == ""


def test_three_abnormal_disconnects_make_a_dead_letter() -> None:
    lane, (one,) = lane_with(1)
    ends = []
    for number in range(3):
        lane.next(LATER * (number + 1))
        ends.append(take(lane, one.id, Verdict.RETURNED, abnormal=True))
    assert ends == ["", "", "dead"]


def test_one_whose_time_is_over_does_not_go_out() -> None:
    lane, _ = lane_with(0)
    late = draft()._replace(expires_at=NOW)
    good = draft()._replace(expires_at=NOW + timedelta(seconds=1))
    lane.add(late)
    lane.add(good)
    assert [(end.id, end.state, end.done_at) for end in lane.expired(NOW)] == [(late.id, "expired", NOW)]
    assert list(lane.next(0)) == [good]


def test_it_keeps_its_pace() -> None:
    lane, drafts = lane_with(5)
    lane.pace = Pace(20, lambda: 0.0)
    assert list(lane.next(0)) == drafts[:2]
    assert not lane.next(0)


def test_an_answer_for_what_it_does_not_hold_changes_nothing() -> None:
    lane, (one,) = lane_with(1)
    assert lane.take(Outcome(one.id, Verdict.DELIVERED), tick=0, now=NOW) is None
    assert list(lane.next(0)) == [one]


@given(
    st.lists(st.sampled_from([Verdict.DELIVERED, Verdict.REFUSED, Verdict.RETURNED]), max_size=60), st.integers(1, 5)
)
def test_each_message_ends_exactly_once_whatever_the_target_says(verdicts: Sequence[Verdict], window: int) -> None:
    lane, drafts = lane_with(12, window=window)
    ends: list[UUID] = []
    answers = iter([*verdicts, *[Verdict.DELIVERED] * 1000])
    tick = 0.0
    while len(ends) < len(drafts):
        tick += 100
        given_now = lane.next(tick)
        assert 0 < len(given_now) <= window
        assert list(given_now) == sorted(given_now, key=lambda one: one.id)
        ends += [one.id for one in given_now if take(lane, one.id, next(answers), tick=tick)]
    assert sorted(ends) == [one.id for one in drafts]
    assert lane.is_idle
