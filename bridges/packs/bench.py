"""Puts a pack's configuration on the bench: the hub's own drivers, codecs, rules and decisions, alone.

Pure: no row is read or written. The models are used for their meaning alone and are never saved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

import orjson

from bridges.codecs.registry import codec_named
from bridges.models import Broker, RuleAction, Topic
from bridges.mqtt.filters import FilterTrie
from bridges.pipeline.compilation import compiled_action
from bridges.pipeline.flushing import Flusher
from bridges.pipeline.memory import Memory
from bridges.pipeline.snapshot import ActiveRule, InTopic, Snapshot
from bridges.rules.rule import CompiledRule
from devices.drivers.base import FAULT, Driver, Framer
from devices.drivers.registry import driver_named
from devices.models import Device, TicketTemplate
from devices.printing.job import FORM
from telemetry.recording.batch import Batch, DeliveryDraft
from telemetry.values import PACKETS, Arrival, Decoded

Config = Mapping[str, Sequence[Mapping[str, Any]]]
_LINE_ENDS = {"lf": b"\n", "cr": b"\r", "etx": b"\x03"}
_OPTIONAL = ("qos", "retain", "codec", "codec_options", "allow_slash")


class BenchFault(ValueError):
    """The configuration, or what is asked of it, cannot be put on the bench. The text says why."""


@dataclass(slots=True)
class Seen:
    """What came of one step."""

    decoded: list[Decoded] = field(default_factory=list)
    devices: list[str] = field(default_factory=list)  # whom each belongs to
    deliveries: list[DeliveryDraft] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def add(self, batch: Batch) -> None:
        """What a batch would record."""
        self.deliveries += [draft for draft in batch.deliveries if draft.state != "dead"]
        self.refusals += [letter.reason for letter in batch.dead_letters]
        self.refusals += [draft.reason for draft in batch.deliveries if draft.state == "dead"]


class Bench:
    """A hub of one pack. What codecs and framers remember lasts from step to step."""

    def __init__(self, config: Config, is_over: Callable[[], bool] = lambda: False) -> None:
        """Raises BenchFault for a configuration that cannot be compiled. Once `is_over`, nothing more is decided."""
        self._is_over = is_over
        self._devices = {row["name"]: _device(row) for row in config.get("devices") or ()}
        self._brokers: dict[str, Broker] = defaultdict(Broker)
        try:
            self.drivers = {
                row.name: driver_named(row.driver)(row.options) for row in self._devices.values() if row.driver
            }
            self._topics = {row["name"]: self._topic(row) for row in config.get("topics") or ()}
            self._tickets = {row["name"]: _ticket(row) for row in config.get("tickets") or ()}
            self._snapshot = self._compiled(config)
            self._filters: FilterTrie[str] = FilterTrie()
            for name in self._snapshot.topics:
                self._filters.add(self._topics[name].filter, name)
        except BenchFault:
            raise
        except (ValueError, TypeError, AttributeError, KeyError) as fault:
            raise BenchFault(str(fault)) from fault
        self._memory = Memory()
        self._framers: dict[str, Framer] = {}
        self._numbers = count(1)

    def driver(self, name: str) -> tuple[str, Driver]:
        """The serial device of that name, or the only one; raises BenchFault."""
        if not name and len(self.drivers) == 1:
            name = next(iter(self.drivers))
        if name not in self.drivers:
            known = ", ".join(self.drivers) or "none"
            raise BenchFault(f"say which serial device: {known}" if not name else f"no serial device {name!r}: {known}")
        return name, self.drivers[name]

    def serial(self, name: str, data: bytes, now: datetime) -> Seen:
        """Bytes arrive from a serial device."""
        name, driver = self.driver(name)
        framer = self._framers.get(name) or self._opened(name, driver)
        frames = framer.feed(data)
        if driver.idle_gap_s is not None:
            frames += framer.idle()
        return self._decide(
            [
                self._arrival(f"device:{name}", frame.data, now, device=name, properties=_fault(frame.fault))
                for frame in frames
            ],
            now,
        )

    def message(self, topic: str, payload: bytes, now: datetime, *, is_retained: bool = False) -> Seen:
        """A message arrives on an MQTT topic; raises BenchFault if no topic of the pack takes it."""
        names = tuple(self._filters.match(topic))
        if not names:
            filters = ", ".join(self._topics[name].filter for name in self._snapshot.topics) or "none"
            raise BenchFault(f"no topic of the pack subscribes to {topic}: {filters}")
        link = self._snapshot.topics[names[0]].link
        arrival = self._arrival(link, payload, now, topic=topic, topics=names, retain=is_retained)
        return self._decide([arrival], now)

    def packet(self, payload: bytes, now: datetime) -> Seen:
        """A packet is submitted over REST."""
        return self._decide([self._arrival(PACKETS, payload, now)], now)

    def wait(self, now: datetime) -> Seen:
        """It is later now: codecs give out what they held back for too long."""
        watched = _Watched(self._snapshot, self._memory, now=now, new_id=_new_ids(now))
        stateful = [name for name, topic in self._snapshot.topics.items() if topic.codec.is_stateful]
        return self._taken(watched, watched.flush(stateful))

    def written(self, delivery: DeliveryDraft) -> bytes:
        """The bytes of a write, as its device gets them; raises DecodeFault, or BenchFault without a driver."""
        driver = self.drivers.get(delivery.target.removeprefix("device:"))
        if driver is None:
            raise BenchFault(f"the rule {delivery.rule!r} writes to a device without a driver")
        return driver.encode_as(delivery.payload, orjson.loads(delivery.properties).get(FORM, ""))

    # Deciding

    def _decide(self, arrivals: Sequence[Arrival], now: datetime) -> Seen:
        if self._is_over():
            raise BenchFault("it took too long")
        watched = _Watched(self._snapshot, self._memory, now=now, new_id=_new_ids(now))
        return self._taken(watched, watched.decide_all(arrivals))

    def _taken(self, watched: _Watched, batch: Batch) -> Seen:
        self._memory.apply(watched.changes)
        watched.seen.add(batch)
        return watched.seen

    def _arrival(self, link: str, payload: bytes, now: datetime, **more: Any) -> Arrival:
        return Arrival(link=link, payload=payload, received_at=now, sequence=next(self._numbers), **more)

    def _opened(self, name: str, driver: Driver) -> Framer:
        """A framer in the middle of a stream: what it would drop as the tail of a line is over."""
        framer = self._framers[name] = driver.framer()
        if driver.given.get("drop_first_partial"):
            framer.feed(_LINE_ENDS[driver.given["line_end"]])
        return framer

    # Compiling

    def _compiled(self, config: Config) -> Snapshot:
        rows = [row for row in config.get("rules") or () if row.get("enabled", True)]
        rules = [(self._rule(row, number), row) for number, row in enumerate(rows, start=1)]
        return Snapshot(
            version=1,
            instance="bench",
            topics={name: _in_topic(row) for name, row in self._topics.items() if row.direction == "in"},
            drivers=self.drivers,
            brokers=frozenset(broker.link_key for broker in self._brokers.values()),
            packets=codec_named("packet")(),
            rules_by_topic=_by_source(rules, "topic", self._topics),
            rules_by_device=_by_source(rules, "device", None),
            rules_by_packets=tuple(rule for rule, row in rules if any("packets" in one for one in row["sources"])),
        )

    def _rule(self, row: Mapping[str, Any], number: int) -> ActiveRule:
        every = row.get("every")
        compiled = CompiledRule(row["name"], 1, row.get("condition") or "", _transform(row.get("transform")))
        actions = tuple(compiled_action(self._action(part), row["name"], 1) for part in row.get("actions") or ())
        return ActiveRule(number, compiled, actions, 0.0 if every == "default" else every)

    def _action(self, part: Mapping[str, Any]) -> RuleAction:
        if "event" in part:
            return RuleAction(kind="event", options={"name": part["event"]})
        if "publish" in part:
            return RuleAction(kind="publish", topic=_found(self._topics, part["publish"], "topic"))
        ticket = _found(self._tickets, part["ticket"], "ticket") if part.get("ticket") else None
        device = _found(self._devices, part["write"], "device")
        return RuleAction(kind="write", device=device, ticket=ticket, is_raw=bool(part.get("raw")))

    def _topic(self, row: Mapping[str, Any]) -> Topic:
        broker = self._brokers[row["broker"]]
        broker.name = row["broker"]
        device = Device(name=row["device"]) if row.get("device") else None
        more = {name: row[name] for name in _OPTIONAL if name in row}
        return Topic(
            name=row["name"], broker=broker, direction=row["direction"], filter=row["filter"], device=device, **more
        )


class _Watched(Flusher):
    """Decides as the hub does, and lets us see what was decoded."""

    def __init__(self, snapshot: Snapshot, memory: Memory, *, now: datetime, new_id: Any) -> None:
        super().__init__(snapshot, memory, now=now, new_id=new_id)
        self.seen = Seen()

    def _take(self, message: Any, decoded: Decoded, *args: Any, **kwargs: Any) -> None:
        self.seen.decoded.append(decoded)
        self.seen.devices.append(decoded.device or message.device)
        super()._take(message, decoded, *args, **kwargs)


def _device(row: Mapping[str, Any]) -> Device:
    return Device(name=row["name"], driver=row.get("driver", ""), options=row.get("options") or {})


def _ticket(row: Mapping[str, Any]) -> TicketTemplate:
    known = ("template", "width", "code_page", "code_page_number", "time_zone", "qr_by")
    return TicketTemplate(name=row["name"], **{name: row[name] for name in known if name in row})


def _in_topic(row: Topic) -> InTopic:
    codec = codec_named(row.codec)(row.codec_options)
    return InTopic(row.name, codec, row.device.name if row.device else "", row.is_searchable, row.broker.link_key)


def _transform(given: Any) -> Mapping[str, str] | None:
    """YAML reads {ok: true, n: 5} as values; as expressions they are written the same."""
    if not given:
        return None
    return {key: value if isinstance(value, str) else orjson.dumps(value).decode() for key, value in given.items()}


def _found(rows: Mapping[str, Any], name: Any, noun: str) -> Any:
    if name not in rows:
        raise BenchFault(f"the pack has no {noun} {name!r}")
    return rows[name]


def _by_source(
    rules: Iterable[tuple[ActiveRule, Mapping[str, Any]]], kind: str, known: Mapping[str, Topic] | None
) -> dict[str, tuple[ActiveRule, ...]]:
    groups: dict[str, list[ActiveRule]] = defaultdict(list)
    for rule, row in rules:
        for source in row["sources"]:
            if kind in source:
                if known is not None:
                    _found(known, source[kind], kind)
                groups[source[kind]].append(rule)
    return {name: tuple(found) for name, found in groups.items()}


def _fault(text: str) -> Mapping[str, str]:
    return {FAULT: text} if text else {}


def _new_ids(now: datetime) -> Any:
    """Ids of the bench's own time, so that a run is like any other."""
    stamp, numbers = int(now.timestamp() * 1000) & (1 << 48) - 1, count(1)
    return lambda: UUID(int=stamp << 80 | 7 << 76 | 2 << 62 | next(numbers))


def later(now: datetime, seconds: float) -> datetime:
    """So much later."""
    return now + timedelta(seconds=seconds)
