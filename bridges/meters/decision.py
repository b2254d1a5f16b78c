"""Decides what a meter must be told next, and what a reply means. Pure: time is handed in, nothing is sent.

Nothing is ever told to a meter unless a person wants something of it: writing an interval disturbs a measurement that
runs. One command at a time; what is not acknowledged is told again, each time after a longer wait; a refusal stands
until a person changes what they want or asks to try again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from bridges.meters.protocol import Command, CommandKind, Reply

ACK_TIMEOUT: Final = timedelta(seconds=15)
"""Real meters needed more than 3 s."""
LONGEST_WAIT: Final = timedelta(seconds=300)
CLOCK_GAP: Final = timedelta(minutes=10)
"""Between two acknowledged settings of a clock, however wrong it still is."""
READ_TRIES: Final = 2
MAX_OPRIDS: Final = 10

Tries = Mapping[CommandKind, "Attempt"]


@dataclass(frozen=True, slots=True)
class Desired:
    """What a person wants of a meter; None leaves it alone."""

    seconds: int | None = None
    minutes: int | None = None
    keeps_clock: bool = False
    clock_every: timedelta | None = None
    clock_tolerance: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval that a meter has. `is_read` says that it was read back, and not only acknowledged."""

    value: int
    at: datetime
    is_read: bool = False


@dataclass(frozen=True, slots=True)
class Reported:
    """What is known of a meter; None for what is not known. `drift` is how far its clock is ahead."""

    seconds: Interval | None = None
    minutes: Interval | None = None
    seen_at: datetime | None = None
    drift: timedelta | None = None
    drift_at: datetime | None = None
    clock_set_at: datetime | None = None
    relay: str = ""
    relay_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One command, told once or again. A late reply to any of its oprids counts."""

    value: str
    sent_at: datetime
    count: int = 1
    oprids: tuple[str, ...] = ()
    is_open: bool = True  # no reply yet
    refusal: str = ""

    def is_waiting(self, now: datetime) -> bool:
        """Whether its reply may still come in time."""
        return self.is_open and now < self.sent_at + ACK_TIMEOUT

    def may_repeat_at(self, kind: CommandKind) -> datetime:
        """When it may be told again."""
        if not self.is_open:
            return self.sent_at + (CLOCK_GAP if kind is CommandKind.SET_CLOCK else self._wait)
        return self.sent_at + ACK_TIMEOUT + self._wait

    @property
    def _wait(self) -> timedelta:
        return min(LONGEST_WAIT, ACK_TIMEOUT * 2.0 ** min(self.count - 1, 10))


@dataclass(frozen=True, slots=True)
class Talk:
    """All that is remembered of the talk with one meter."""

    reported: Reported = field(default_factory=Reported)
    tries: Tries = field(default_factory=dict)

    def told(self, command: Command, oprid: str, *, now: datetime) -> Talk:
        """The command was put into the outbox."""
        before = self.tries.get(command.kind)
        if before is None or before.value != command.value:
            attempt = Attempt(command.value, now, oprids=(oprid,))
        else:
            oprids = (*before.oprids, oprid)[-MAX_OPRIDS:]
            attempt = replace(before, sent_at=now, count=before.count + 1, oprids=oprids, is_open=True, refusal="")
        return replace(self, tries={**self.tries, command.kind: attempt})

    def without(self, *kinds: CommandKind) -> Talk:
        """Begin anew with these."""
        return replace(self, tries={kind: attempt for kind, attempt in self.tries.items() if kind not in kinds})


def next_command(desired: Desired, talk: Talk, now: datetime) -> Command | None:
    """The one thing to tell this meter now, if anything."""
    if is_busy(talk, now):
        return None
    due = (command for command in _wanted(desired, talk, now) if _is_due(talk.tries.get(command.kind), command, now))
    return next(due, None)


def is_busy(talk: Talk, now: datetime) -> bool:
    """Whether the meter still has time to answer the last command."""
    return any(attempt.is_waiting(now) for attempt in talk.tries.values())


def _is_due(attempt: Attempt | None, command: Command, now: datetime) -> bool:
    if attempt is None or attempt.value != command.value:
        return True
    return not attempt.refusal and now >= attempt.may_repeat_at(command.kind)


def _wanted(desired: Desired, talk: Talk, now: datetime) -> Iterator[Command]:
    reported = talk.reported
    if desired.keeps_clock and _is_clock_due(desired, reported, now):
        yield Command(CommandKind.SET_CLOCK)
    pairs = (
        (desired.seconds, reported.seconds, CommandKind.SET_SECONDS, CommandKind.READ_SECONDS),
        (desired.minutes, reported.minutes, CommandKind.SET_MINUTES, CommandKind.READ_MINUTES),
    )
    for wanted, known, set_kind, read_kind in pairs:
        if wanted is None:
            continue
        can_read = _can_read(talk.tries.get(read_kind))
        if known is None and can_read:
            yield Command(read_kind)
        elif known is None or known.value != wanted:
            yield Command(set_kind, str(wanted))
        elif not known.is_read and can_read:
            yield Command(read_kind)


def _can_read(attempt: Attempt | None) -> bool:
    """Reading is harmless, but not every meter is known to answer it."""
    return attempt is None or not (attempt.refusal or (attempt.is_open and attempt.count >= READ_TRIES))


def _is_clock_due(desired: Desired, reported: Reported, now: datetime) -> bool:
    """A clock is set when it was seen to be wrong since it was set, and on schedule. Only of a meter that is there."""
    if reported.seen_at is None:
        return False
    set_at = reported.clock_set_at
    is_news = reported.drift_at is not None and (set_at is None or reported.drift_at > set_at)
    if is_news and reported.drift is not None and abs(reported.drift) > desired.clock_tolerance:
        return True
    return desired.clock_every is not None and (set_at is None or now - set_at >= desired.clock_every)


def take_reply(talk: Talk, reply: Reply, now: datetime) -> Talk:
    """What is known after a reply; the same talk if it answers nothing of ours. Replies are known by oprid alone."""
    kind = next((kind for kind, attempt in talk.tries.items() if reply.oprid in attempt.oprids), None)
    if kind is None:
        return talk
    attempt = talk.tries[kind]
    if not attempt.is_open and reply.oprid == attempt.oprids[-1]:
        return talk  # it is taken already
    if reply.is_refusal:
        text = f"the meter refused it (code {reply.code}{': ' + reply.message if reply.message else ''})"
        return _with(talk, kind, replace(attempt, is_open=False, refusal=text))
    return _done(_with(talk, kind, replace(attempt, is_open=False, refusal="")), kind, reply, now)


def _with(talk: Talk, kind: CommandKind, attempt: Attempt) -> Talk:
    return replace(talk, tries={**talk.tries, kind: attempt})


def _done(talk: Talk, kind: CommandKind, reply: Reply, now: datetime) -> Talk:
    attempt, reported = talk.tries[kind], talk.reported
    match kind:
        case CommandKind.SET_SECONDS:
            reported = replace(reported, seconds=Interval(int(attempt.value), now))
        case CommandKind.SET_MINUTES:
            reported = replace(reported, minutes=Interval(int(attempt.value), now))
        case CommandKind.SET_CLOCK:
            reported = replace(reported, clock_set_at=now)
        case CommandKind.RELAY:
            reported = replace(reported, relay=reply.relay or attempt.value, relay_at=now)
        case CommandKind.READ_SECONDS | CommandKind.READ_MINUTES:
            return _taken_in(talk, kind, reply, now)
    known = replace(talk, reported=reported)
    if kind is CommandKind.SET_SECONDS:
        return known.without(CommandKind.READ_SECONDS)  # read it back from scratch
    return known.without(CommandKind.READ_MINUTES) if kind is CommandKind.SET_MINUTES else known


def _taken_in(talk: Talk, kind: CommandKind, reply: Reply, now: datetime) -> Talk:
    if not reply.value.isdecimal() or len(reply.value) > 6:
        refused = replace(talk.tries[kind], refusal=f"the meter told no interval, but {reply.value[:40]!r}")
        return _with(talk, kind, refused)
    found = Interval(int(reply.value), now, is_read=True)
    is_seconds = kind is CommandKind.READ_SECONDS
    set_kind = CommandKind.SET_SECONDS if is_seconds else CommandKind.SET_MINUTES
    reported = replace(talk.reported, seconds=found) if is_seconds else replace(talk.reported, minutes=found)
    known = replace(talk, reported=reported).without(kind)
    is_as_set = set_kind in talk.tries and talk.tries[set_kind].value == str(found.value)
    return known.without(set_kind) if is_as_set else known


def faults(talk: Talk, now: datetime) -> dict[CommandKind, str]:
    """What is wrong with the talk, in words, by command."""
    found: dict[CommandKind, str] = {}
    for kind, attempt in talk.tries.items():
        if attempt.refusal:
            found[kind] = attempt.refusal
        elif attempt.is_open and not attempt.is_waiting(now):
            times = "" if attempt.count == 1 else f" ({attempt.count} times)"
            found[kind] = f"the meter did not answer{times}"
    return found
