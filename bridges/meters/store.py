"""Reads and writes the rows of meters: what is wanted, what is known, what came in. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bridges.meters.decision import Attempt, Interval, Reported, Talk
from bridges.meters.protocol import METER_ID, REPLY_TOPICS, CommandKind, Reply, read_reply
from bridges.models import Broker, Meter, MeterDefaults, MeterState, Topic
from bridges.models.meter import CODEC, Wanted, reply_filters, unheard_replies
from telemetry.ids import lowest_id
from telemetry.models import Message

MAX_FOUND_METERS = 1000
"""Meters added by themselves: whoever may publish names them."""
_REPLIES = tuple(dict.fromkeys(REPLY_TOPICS.values()))
_SLACK = timedelta(seconds=2)  # between the clocks of two workers
_LONGEST_LOOK_BACK = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Known:
    """One meter: its row, what holds for it, the talk as stored, and the talk now."""

    meter: Meter
    wanted: Wanted
    stored: Talk
    talk: Talk


def load() -> list[Known]:
    """Every enabled meter of an enabled broker."""
    defaults = {row.broker_id: row for row in MeterDefaults.objects.all()}
    rows = Meter.objects.filter(is_enabled=True, broker__is_enabled=True).select_related("broker", "state")
    found = [(row, row.wanted(defaults.get(row.broker_id)), talk_of(getattr(row, "state", None))) for row in rows]
    return [Known(row, wanted, talk, talk) for row, wanted, talk in found]


def talk_of(state: MeterState | None) -> Talk:
    """What the row remembers."""
    if state is None:
        return Talk()
    reported = Reported(
        seconds=_interval(state.seconds_interval, state.seconds_at, state.is_seconds_read),
        minutes=_interval(state.minutes_interval, state.minutes_at, state.is_minutes_read),
        seen_at=state.seen_at,
        drift=None if state.clock_drift_s is None else timedelta(seconds=state.clock_drift_s),
        drift_at=state.clock_drift_at,
        clock_set_at=state.clock_set_at,
        relay=state.relay,
        relay_at=state.relay_at,
    )
    return Talk(reported, {CommandKind(kind): _attempt(said) for kind, said in state.tries.items()})


def save(meter: Meter, talk: Talk) -> None:
    """Overwrite the row."""
    said = talk.reported
    values: dict[str, Any] = {
        "seen_at": said.seen_at,
        "clock_drift_s": None if said.drift is None else said.drift.total_seconds(),
        "clock_drift_at": said.drift_at,
        "clock_set_at": said.clock_set_at,
        "relay": said.relay[:20],
        "relay_at": said.relay_at,
        "tries": {kind.value: _said(attempt) for kind, attempt in talk.tries.items()},
    }
    for name, interval in (("seconds", said.seconds), ("minutes", said.minutes)):
        values[f"{name}_interval"] = interval.value if interval else None
        values[f"{name}_at"] = interval.at if interval else None
        values[f"is_{name}_read"] = bool(interval and interval.is_read)
    MeterState.objects.update_or_create(meter=meter, defaults=values)


def _interval(value: int | None, at: datetime | None, is_read: bool) -> Interval | None:
    return None if value is None or at is None else Interval(value, at, is_read)


def _attempt(said: Mapping[str, Any]) -> Attempt:
    return Attempt(
        said["value"],
        datetime.fromisoformat(said["sent_at"]),
        said["count"],
        tuple(said["oprids"]),
        said["is_open"],
        said["refusal"],
    )


def _said(attempt: Attempt) -> dict[str, Any]:
    return {
        "value": attempt.value,
        "sent_at": attempt.sent_at.isoformat(),
        "count": attempt.count,
        "oprids": list(attempt.oprids),
        "is_open": attempt.is_open,
        "refusal": attempt.refusal,
    }


def replies_since(broker: Broker, since: datetime) -> list[tuple[Reply, datetime]]:
    """What meters answered at this broker, oldest first. Found by time of receipt: ids are not in commit order."""
    rows = Message.objects.filter(
        source=broker.link_key, topic__in=_REPLIES, is_retained=False, id__gte=lowest_id(since - _SLACK)
    )
    found = rows.order_by("id").values_list("payload", "received_at")
    return [(reply, at) for payload, at in found if (reply := read_reply(bytes(payload))) is not None]


def oldest_open(talks: Iterable[Talk], now: datetime) -> datetime | None:
    """Since when replies may be missing."""
    sent = [attempt.sent_at for talk in talks for attempt in talk.tries.values() if attempt.is_open]
    return max(min(sent), now - _LONGEST_LOOK_BACK) if sent else None


def note_packets(since: datetime) -> dict[str, tuple[str, datetime, datetime | None]]:
    """By meter: the broker's link key, when its newest packet came, and what its clock then said."""
    names = Topic.objects.filter(codec=CODEC, direction=Topic.Direction.IN).values_list("name", flat=True)
    rows = Message.objects.filter(
        id__gte=lowest_id(since),
        topic_name__in=list(names),
        duplicate_of=None,
        is_retained=False,
        device_time__isnull=False,
    ).exclude(device="")
    found = rows.order_by("id").values_list("device", "source", "received_at", "device_time")
    return {device: (source, at, told) for device, source, at, told in found}


def add_found(packets: Mapping[str, tuple[str, datetime, datetime | None]], known: Sequence[str]) -> None:
    """Add a row for each meter heard for the first time. Nothing is wanted of it."""
    new = [name for name in packets.keys() - set(known) if METER_ID.match(name)]
    if not new:
        return
    new = [name for name in new if not Meter.objects.filter(name=name).exists()]
    room = max(0, MAX_FOUND_METERS - Meter.objects.count())
    brokers = {row.link_key: row for row in Broker.objects.all()}
    for name in sorted(new)[:room]:
        if broker := brokers.get(packets[name][0]):
            Meter.objects.get_or_create(name=name, defaults={"broker": broker})


def seen(talk: Talk, at: datetime, told: datetime | None) -> Talk:
    """The talk after a packet of the meter."""
    if talk.reported.seen_at is not None and at <= talk.reported.seen_at:
        return talk
    reported = replace(talk.reported, seen_at=at)
    if told is not None:
        reported = replace(reported, drift=told - at, drift_at=at)
    return replace(talk, reported=reported)


def unheard(broker: Broker) -> frozenset[str]:
    """The replies that no subscription at this broker brings."""
    return frozenset(unheard_replies(reply_filters(broker)))
