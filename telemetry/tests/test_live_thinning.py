"""What is left out of a flood, and what never is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from telemetry.live.events import Event, config_event, link_event
from telemetry.live.thinning import Allowance, thin
from telemetry.tests.live_support import example_message


def test_below_the_allowance_nothing_is_left_out() -> None:
    events = [example_message() for _ in range(5)]
    assert thin(events, {"message": Allowance(5)}, now_s=100.0) == (events, 0)


def test_the_allowance_refills_with_time() -> None:
    allowance = Allowance(100)
    assert allowance.take(200, 50.0) == 100
    assert allowance.take(200, 50.125) == 12
    assert allowance.take(200, 99.0) == 100


def test_states_of_links_and_configuration_are_never_left_out() -> None:
    events = [link_event("device:a", "lost"), config_event(2)]
    assert thin(events, {"message": Allowance(0)}, now_s=1.0) == (events, 0)


def test_a_chatty_source_does_not_hide_a_quiet_one() -> None:
    quiet = example_message("12.5", source="device:scale", topic="", device="scale")
    events = [quiet, *(example_message(str(n)) for n in range(1000))]
    kept, skipped = thin(events, {"message": Allowance(3)}, now_s=1.0)
    assert kept == [quiet, *events[-2:]]
    assert skipped == 998


@given(st.lists(st.sampled_from("abc")), st.integers(0, 20))
def test_what_is_kept_and_left_out_adds_up_and_keeps_its_order(sources: list[str], allowed: int) -> None:
    events: list[Event] = [example_message(source=source) for source in sources]
    kept, skipped = thin(events, {"message": Allowance(allowed)}, now_s=1.0)
    assert len(kept) + skipped == len(events)
    assert len(kept) == min(allowed, len(events))
    assert [event for event in events if event in kept] == list(kept)
