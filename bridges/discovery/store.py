"""Reads what discovery tells of, and keeps what was told. The only part of it that touches the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from bridges.discovery.births import birth_name, births_of
from bridges.discovery.documents import MAX_METRICS, Document, Kind, Metric, Subject
from bridges.discovery.makers import about
from bridges.discovery.plan import Sent
from bridges.discovery.presence import LOOKED_AT, is_present, silence_allowed_s
from bridges.models import Broker, PublishedDocument
from devices.models import Device
from telemetry.ids import time_of
from telemetry.models import CodecState, LatestReading, LinkStatus, Message, StoredReading

HABIT_LIVES = timedelta(minutes=10)


_UNITS_LOOKED_AT = 100


@dataclass(slots=True)
class Habits:
    """What is usual of devices, as history tells: the pauses between their messages, and the units of their metrics."""

    _known: dict[str, tuple[datetime, int | None]] = field(default_factory=dict)
    _units: dict[tuple[str, str], str] = field(default_factory=dict)

    def allowed_s(self, device: str, now: datetime) -> int | None:
        """After how much silence it counts as away: worked out anew every ten minutes, see `silence_allowed_s`."""
        known = self._known.get(device)
        if known is None or not now - HABIT_LIVES < known[0] <= now:
            ids = Message.objects.filter(device=device, duplicate_of=None, is_retained=False).order_by("-id")
            times = [time_of(found) for found in ids.values_list("id", flat=True)[:LOOKED_AT]]
            before = known[1] if known else None
            known = self._known[device] = (now, silence_allowed_s(times, before))
        return known[1]

    def unit(self, device: str, metric: str, said: str) -> str:
        """The unit of a metric: many scales leave it out while the weight is not stable."""
        key = (device, metric)
        if said:
            self._units[key] = said
        elif key not in self._units:
            newest = StoredReading.objects.filter(device=device, metric=metric).order_by("-id")
            units = newest.values_list("unit", flat=True)[:_UNITS_LOOKED_AT]
            self._units[key] = next((unit for unit in units if unit), "")
        return self._units[key]


def is_used() -> bool:
    """Whether there is anything to say or to take back."""
    return Broker.objects.filter(discovery_enabled=True).exists() or PublishedDocument.objects.exists()


def brokers() -> list[Broker]:
    """The enabled brokers at which something is to be said or taken back."""
    rows = Broker.objects.filter(is_enabled=True)
    told = PublishedDocument.objects.values_list("broker_id", flat=True).distinct()
    return list(rows.filter(discovery_enabled=True) | rows.filter(pk__in=list(told)))


def connections(links: Iterable[str]) -> dict[str, str]:
    """The links that are connected, and since when."""
    rows = LinkStatus.objects.filter(key__in=list(links), state=LinkStatus.State.CONNECTED)
    return {key: since.isoformat() for key, since in rows.values_list("key", "connected_since") if since is not None}


def births(links: Sequence[str]) -> dict[str, str]:
    """By link, when Home Assistant last started; '' if it was never seen to."""
    rows = CodecState.objects.filter(topic_name__in=[birth_name(link) for link in links])
    return births_of(links, {name: bytes(state) for name, state in rows.values_list("topic_name", "state")})


def subjects(habits: Habits, now: datetime) -> list[Subject]:
    """Every enabled device that has readings."""
    devices = {row.name: row for row in Device.objects.filter(is_enabled=True)}
    metrics, heard = _latest(devices, habits)
    up = connections(row.link_key for row in devices.values() if row.driver)
    found = []
    for name in sorted(metrics):
        row = devices[name]
        allowed_s = None if row.driver else habits.allowed_s(name, now)
        found.append(
            Subject(
                name=name,
                label=row.label,
                about=about(name, row.driver),
                metrics=metrics[name],
                is_present=row.link_key in up if row.driver else is_present(heard[name], allowed_s, now),
                expire_after_s=allowed_s,
            )
        )
    return found


def _latest(devices: Mapping[str, Device], habits: Habits) -> tuple[dict[str, list[Metric]], dict[str, datetime]]:
    metrics: dict[str, list[Metric]] = {}
    newest: dict[str, UUID] = {}
    rows = LatestReading.objects.filter(device__in=list(devices)).order_by("device", "metric")
    for device, metric, said, value, message in rows.values_list("device", "metric", "unit", "value", "message_id"):
        known = metrics.setdefault(device, [])
        if len(known) < MAX_METRICS:
            unit = habits.unit(device, metric, said)
            known.append(Metric(metric, unit, value if unit == said else None))
        newest[device] = max(newest.get(device, message), message)
    return metrics, {device: time_of(message) for device, message in newest.items()}


def sent_at_broker(broker: Broker) -> dict[str, Sent]:
    """What was said there, by topic."""
    rows = PublishedDocument.objects.filter(broker=broker)
    columns = ("topic", "kind", "device", "digest", "occasion", "sent_at")
    return {row[0]: Sent(row[0], Kind(row[1]), *row[2:]) for row in rows.values_list(*columns)}


def keep(broker: Broker, documents: Iterable[Document], *, now: datetime) -> None:
    """These were put into the outbox."""
    rows = [
        PublishedDocument(
            broker=broker,
            topic=document.topic,
            kind=document.kind.value,
            device=document.device,
            digest=document.digest,
            occasion=document.occasion,
            sent_at=now,
        )
        for document in documents
    ]
    PublishedDocument.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["broker", "topic"],
        update_fields=["kind", "device", "digest", "occasion", "sent_at"],
    )


def drop(broker: Broker, gone: Sequence[Sent]) -> None:
    """These were taken back, or need not be remembered."""
    for start in range(0, len(gone), 500):
        topics = [one.topic for one in gone[start : start + 500]]
        PublishedDocument.objects.filter(broker=broker, topic__in=topics).delete()
