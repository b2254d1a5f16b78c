"""How meters stand, as events of the live protocol: what is wanted, what is reported, which commands wait or failed.

Their readings come with their messages, not from here. Reads the database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from bridges.meters.decision import Desired, Interval
from bridges.meters.protocol import MINUTES_INTERVALS, SECONDS_INTERVALS, CommandKind
from bridges.meters.standing import COMMAND_WORDS, commands_shape, relay_word, talk_with
from bridges.models import Meter, MeterDefaults, MeterRequest
from bridges.models.meter import reply_warnings
from telemetry.live.events import Event, instant


def meter_events(now: datetime | None = None) -> Iterator[Event]:
    """One for each meter. Nothing in it moves by itself while a meter only goes on reporting."""
    rows = list(Meter.objects.select_related("broker", "state"))
    if not rows:
        return
    now = now or datetime.now(UTC)
    defaults = {row.broker_id: row for row in MeterDefaults.objects.all()}
    asked = defaultdict(list)
    for meter_id, kind in MeterRequest.objects.values_list("meter_id", "kind"):
        asked[meter_id].append(kind)
    unheard = {row.broker: " ".join(reply_warnings(row.broker)) for row in rows}
    for row in rows:
        desired = row.wanted(defaults.get(row.broker_id)).desired
        yield meter_event(row, desired, asked=asked[row.pk], unheard=unheard[row.broker], now=now)


def meter_event(row: Meter, desired: Desired, *, asked: Sequence[str], unheard: str, now: datetime) -> Event:
    """One meter and where it stands."""
    said = talk_with(row).reported
    seconds, minutes = row.desired_seconds_interval, row.desired_minutes_interval
    return {
        "kind": "meter",
        "name": row.name,
        "label": str(row),
        "link": row.broker.link_key,
        "is_enabled": row.is_enabled and row.broker.is_enabled,
        "context": row.context,
        "seconds": _interval(said.seconds, desired.seconds, own=seconds, choices=SECONDS_INTERVALS),
        "minutes": _interval(said.minutes, desired.minutes, own=minutes, choices=MINUTES_INTERVALS),
        "clock": {
            "drift_s": None if said.drift is None else round(said.drift.total_seconds()),
            "is_wrong": said.drift is not None and abs(said.drift) > desired.clock_tolerance,
            "is_kept": desired.keeps_clock,
            "set_at": said.clock_set_at and instant(said.clock_set_at),
        },
        "relay": relay_word(said.relay),
        "commands": _commands(row, now),
        "asked": list(asked),
        "unheard": unheard,
    }


def _interval(known: Interval | None, wanted: int | None, *, own: int | None, choices: Sequence[int]) -> dict[str, Any]:
    return {
        "reported": known.value if known else None,
        "is_read": bool(known and known.is_read),
        "wanted": wanted,
        "own": own,
        "choices": choices,
    }


def _commands(row: Meter, now: datetime) -> list[dict[str, Any]]:
    """The newest first."""
    shapes = sorted(commands_shape(row, now), key=lambda shape: shape["command"])
    return [
        {**shape, "words": COMMAND_WORDS[CommandKind(shape["command"])], "sent_at": instant(shape["sent_at"])}
        for shape in sorted(shapes, key=lambda shape: shape["sent_at"], reverse=True)
    ]
