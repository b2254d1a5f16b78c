"""What a meter is told next, and what its replies mean."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bridges.meters.decision import (
    ACK_TIMEOUT,
    CLOCK_GAP,
    LONGEST_WAIT,
    READ_TRIES,
    Desired,
    Interval,
    Reported,
    Talk,
    faults,
    is_busy,
    next_command,
    take_reply,
)
from bridges.meters.protocol import Command, CommandKind, Reply

NOW = datetime(2026, 1, 12, 16, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
THIRTY = Desired(seconds=30)
READ, SET = Command(CommandKind.READ_SECONDS), Command(CommandKind.SET_SECONDS, "30")
CLOCK = Command(CommandKind.SET_CLOCK)
SIXTY = Talk(Reported(seconds=Interval(60, NOW, is_read=True)))


def oprid(number: int) -> str:
    return f"{number:032d}"


def ok(number: int, **more: str) -> Reply:
    return Reply(oprid(number), "01", **more)


def test_a_meter_of_which_nothing_is_wanted_is_never_told_anything() -> None:
    assert next_command(Desired(), Talk(Reported(seen_at=NOW)), NOW) is None


def test_an_unknown_interval_is_read_before_it_is_written() -> None:
    assert next_command(THIRTY, Talk(), NOW) == READ


def test_an_interval_that_is_as_wanted_is_left_alone() -> None:
    talk = Talk(Reported(seconds=Interval(30, NOW, is_read=True)))
    assert next_command(THIRTY, talk, NOW) is None


def test_an_interval_that_differs_is_set_and_then_read_back() -> None:
    assert next_command(THIRTY, SIXTY, NOW) == SET
    talk = take_reply(SIXTY.told(SET, oprid(1), now=NOW), ok(1), NOW + SECOND)
    assert talk.reported.seconds == Interval(30, NOW + SECOND)
    assert next_command(THIRTY, talk, NOW + SECOND) == READ
    talk = take_reply(talk.told(READ, oprid(2), now=NOW + SECOND), ok(2, value="30"), NOW + 2 * SECOND)
    assert talk.reported.seconds == Interval(30, NOW + 2 * SECOND, is_read=True)
    assert talk.tries == {}
    assert next_command(THIRTY, talk, NOW + timedelta(days=9)) is None


def test_an_interval_read_back_otherwise_is_set_again_but_not_at_once() -> None:
    talk = take_reply(SIXTY.told(SET, oprid(1), now=NOW), ok(1), NOW)
    talk = take_reply(talk.told(READ, oprid(2), now=NOW), ok(2, value="60"), NOW)
    assert next_command(THIRTY, talk, NOW + SECOND) is None
    assert next_command(THIRTY, talk, NOW + ACK_TIMEOUT) == SET


def test_only_one_command_waits_for_its_reply() -> None:
    both = replace(THIRTY, minutes=15)
    talk = SIXTY.told(SET, oprid(1), now=NOW)
    assert is_busy(talk, NOW + ACK_TIMEOUT - SECOND)
    assert next_command(both, talk, NOW + ACK_TIMEOUT - SECOND) is None
    assert next_command(both, talk, NOW + ACK_TIMEOUT) == Command(CommandKind.READ_MINUTES)


def test_what_is_not_acknowledged_is_told_again_after_ever_longer_waits() -> None:
    talk, at, waits = SIXTY, NOW, []
    for number in range(9):
        talk = talk.told(SET, oprid(number), now=at)
        later = at
        while next_command(THIRTY, talk, later) is None:
            later += SECOND
        waits.append(later - at)
        at = later
    assert waits == sorted(waits)
    assert waits[0] == 2 * ACK_TIMEOUT
    assert waits[-1] == LONGEST_WAIT + ACK_TIMEOUT
    assert faults(talk, at) == {CommandKind.SET_SECONDS: "the meter did not answer (9 times)"}


def test_a_late_reply_to_an_earlier_attempt_counts() -> None:
    talk = SIXTY.told(SET, oprid(1), now=NOW).told(SET, oprid(2), now=NOW + timedelta(minutes=1))
    talk = take_reply(talk, ok(1), NOW + timedelta(minutes=1))
    assert talk.reported.seconds == Interval(30, NOW + timedelta(minutes=1))


def test_replies_to_others_change_nothing() -> None:
    talk = SIXTY.told(SET, oprid(1), now=NOW)
    assert take_reply(talk, ok(7), NOW) is talk


def test_a_refusal_is_shown_and_not_repeated_until_something_else_is_wanted() -> None:
    talk = take_reply(SIXTY.told(SET, oprid(1), now=NOW), Reply(oprid(1), "02"), NOW)
    assert faults(talk, NOW) == {CommandKind.SET_SECONDS: "the meter refused it (code 02)"}
    assert talk.reported.seconds == SIXTY.reported.seconds
    assert next_command(THIRTY, talk, NOW + timedelta(days=1)) is None
    assert next_command(Desired(seconds=300), talk, NOW) == Command(CommandKind.SET_SECONDS, "300")


def test_a_meter_that_cannot_be_read_is_set_all_the_same() -> None:
    talk, at = Talk(), NOW
    for number in range(READ_TRIES):
        talk = talk.told(READ, oprid(number), now=at)
        at += 3 * ACK_TIMEOUT
    assert next_command(THIRTY, talk, at) == SET
    refused = take_reply(Talk().told(READ, oprid(1), now=NOW), Reply(oprid(1), "02"), NOW)
    assert next_command(THIRTY, refused, NOW) == SET


@pytest.mark.parametrize("value", ["", "soon", "30.5", "9999999"])
def test_a_read_that_tells_no_interval_is_a_fault(value: str) -> None:
    talk = take_reply(Talk().told(READ, oprid(1), now=NOW), ok(1, value=value), NOW)
    assert talk.reported.seconds is None
    assert "told no interval" in faults(talk, NOW)[CommandKind.READ_SECONDS]


def clock(**known: object) -> Talk:
    return Talk(replace(Reported(seen_at=NOW, clock_set_at=NOW - timedelta(hours=1)), **known))  # type: ignore[arg-type]


def test_a_clock_that_is_wrong_is_set_once_until_it_is_seen_again() -> None:
    keeps = Desired(keeps_clock=True)
    wrong = clock(drift=timedelta(days=-7000), drift_at=NOW)
    assert next_command(keeps, wrong, NOW) == CLOCK
    assert next_command(Desired(), wrong, NOW) is None
    talk = take_reply(wrong.told(CLOCK, oprid(1), now=NOW), ok(1), NOW + SECOND)
    assert talk.reported.clock_set_at == NOW + SECOND
    assert next_command(keeps, talk, NOW + timedelta(days=1)) is None
    still = replace(talk, reported=replace(talk.reported, drift_at=NOW + timedelta(minutes=1)))
    assert next_command(keeps, still, NOW + timedelta(minutes=1)) is None
    assert next_command(keeps, still, NOW + CLOCK_GAP) == CLOCK


def test_a_clock_within_the_tolerance_is_left_alone_but_for_the_schedule() -> None:
    right = clock(drift=timedelta(seconds=59), drift_at=NOW)
    assert next_command(Desired(keeps_clock=True), right, NOW) is None
    daily = Desired(keeps_clock=True, clock_every=timedelta(hours=24))
    assert next_command(daily, right, NOW + timedelta(hours=22)) is None
    assert next_command(daily, right, NOW + timedelta(hours=23)) == CLOCK


def test_the_clock_of_a_meter_that_was_never_heard_is_left_alone() -> None:
    assert next_command(Desired(keeps_clock=True, clock_every=timedelta(hours=1)), Talk(), NOW) is None


def test_a_relay_tells_its_state_and_is_never_told_again() -> None:
    off = Command(CommandKind.RELAY, "0")
    talk = Talk().told(off, oprid(1), now=NOW)
    assert next_command(THIRTY, talk, NOW + ACK_TIMEOUT) == READ
    assert faults(talk, NOW + ACK_TIMEOUT) == {CommandKind.RELAY: "the meter did not answer"}
    assert take_reply(talk, ok(1, relay="0"), NOW).reported.relay == "0"
