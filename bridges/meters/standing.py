"""How meters stand, for pages and REST: what is known of each, what waits, what failed, and its counters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from bridges.meters.decision import Attempt, Interval, Talk, faults
from bridges.meters.protocol import CommandKind
from bridges.meters.store import talk_of
from bridges.models import Meter
from telemetry.models import LatestReading

COUNTERS = (
    "active_energy",
    "active_energy_export",
    "reactive_energy",
    "reactive_energy_export",
    "apparent_energy",
    *(f"{name}_t{tariff}" for tariff in range(1, 7) for name in ("active_energy", "active_energy_export")),
)
"""The energy registers of a meter, as its readings are called."""
POWER = "active_power"
COMMAND_WORDS = {
    CommandKind.SET_SECONDS: "set the seconds interval",
    CommandKind.SET_MINUTES: "set the minutes interval",
    CommandKind.READ_SECONDS: "read the seconds interval",
    CommandKind.READ_MINUTES: "read the minutes interval",
    CommandKind.SET_CLOCK: "set the clock",
    CommandKind.RELAY: "switch the relay",
}
ACKNOWLEDGED = "acknowledged"
_NETWORK = timedelta(seconds=2)
"""So much of a difference between two clocks is the network's."""
_UNITS = (
    ("d", timedelta(days=1)),
    ("h", timedelta(hours=1)),
    ("min", timedelta(minutes=1)),
    ("s", timedelta(seconds=1)),
)

Latest = Mapping[str, Mapping[str, LatestReading]]


def latest_of(meters: Iterable[str]) -> Latest:
    """The newest power and counters, by meter and metric."""
    found: dict[str, dict[str, LatestReading]] = defaultdict(dict)
    for row in LatestReading.objects.filter(device__in=list(meters), metric__in=[POWER, *COUNTERS]):
        found[row.device][row.metric] = row
    return found


def readings_shape(latest: Mapping[str, LatestReading]) -> dict[str, Any]:
    """Power and counters with unit and time; what was never told is left out."""
    return {
        metric: {"value": latest[metric].value, "unit": latest[metric].unit, "time": latest[metric].time}
        for metric in (POWER, *COUNTERS)
        if metric in latest
    }


def talk_with(meter: Meter) -> Talk:
    """What is remembered of the talk with it."""
    return talk_of(getattr(meter, "state", None))


def reported_shape(meter: Meter) -> dict[str, Any]:
    """What is known of it; null for what is not."""
    said = talk_with(meter).reported
    return {
        "seen_at": said.seen_at,
        "seconds_interval": _interval_shape(said.seconds),
        "minutes_interval": _interval_shape(said.minutes),
        "clock": {
            "drift_s": None if said.drift is None else round(said.drift.total_seconds(), 1),
            "time": said.drift_at,
            "set_at": said.clock_set_at,
        },
        "relay": {"state": relay_word(said.relay), "time": said.relay_at} if said.relay else None,
    }


def commands_shape(meter: Meter, now: datetime | None = None) -> list[dict[str, Any]]:
    """The last command of each kind: acknowledged, waiting for its reply, not answered or refused."""
    now, talk = now or datetime.now(UTC), talk_with(meter)
    wrong = faults(talk, now)
    return [
        {
            "command": kind.value,
            "value": relay_word(attempt.value) if kind is CommandKind.RELAY else attempt.value,
            "state": _state(attempt, is_wrong=kind in wrong),
            "reason": wrong.get(kind, ""),
            "sent_at": attempt.sent_at,
            "tries": attempt.count,
        }
        for kind, attempt in talk.tries.items()
    ]


def pending_shape(meter: Meter, now: datetime | None = None) -> list[dict[str, Any]]:
    """The commands that wait for a reply or failed."""
    return [said for said in commands_shape(meter, now) if said["state"] != ACKNOWLEDGED]


def _state(attempt: Attempt, *, is_wrong: bool) -> str:
    if attempt.refusal:
        return "refused"
    if is_wrong:
        return "unanswered"
    return "waiting" if attempt.is_open else ACKNOWLEDGED


def _interval_shape(interval: Interval | None) -> dict[str, Any] | None:
    if interval is None:
        return None
    return {"value": interval.value, "time": interval.at, "read_back": interval.is_read}


def relay_word(said: str) -> str:
    """`on` and `off`, else what the meter said."""
    return {"1": "on", "0": "off"}.get(said, said)


def clock_words(drift: timedelta) -> str:
    """`3 min ahead`, `312 d behind`, `right`: the same words as on the live page."""
    size = abs(drift)
    if size < _NETWORK:
        return "right"
    number, name = next((size // unit, name) for name, unit in _UNITS if size >= unit)
    return f"{number} {name} {'ahead' if drift > timedelta(0) else 'behind'}"
