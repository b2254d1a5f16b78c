"""Builds the pipeline's Snapshot from the configured rows. A row that cannot be compiled is left out and named.

Saving checks the same things, so a fault here means that the row was written past the checks.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import orjson
from django.conf import settings

from bridges.actions.event import EventAction as EventKind
from bridges.actions.registry import CARRIED
from bridges.codecs.registry import codec_named
from bridges.couriers.pace import TargetLimit
from bridges.discovery.names import Names
from bridges.meters.notes import Noted
from bridges.models import Broker, Rule, RuleAction, Topic
from bridges.pipeline.default_rule import default_packet_rules
from bridges.pipeline.snapshot import (
    Action,
    ActiveRule,
    EventAction,
    InTopic,
    PublishAction,
    Snapshot,
    TaskAction,
    WriteAction,
    task_target,
)
from bridges.pipeline.ticket_payloads import compiled_ticket
from bridges.rules.address import AddressTemplate
from bridges.rules.rule import CompiledRule
from devices.drivers.base import Driver
from devices.drivers.registry import driver_named
from devices.models import Device
from telemetry.models import ConfigurationVersion
from telemetry.models.limits import DropPolicy

logger = logging.getLogger(__name__)


def compile_snapshot(version: int | None = None) -> Snapshot:
    """The configuration now. `version`, if given, was read before: a newer row only means one more round."""
    faults: dict[str, str] = {}
    version = ConfigurationVersion.current() if version is None else version
    rules = _rules(faults)
    topics, transit_topics = _topics(faults)
    drivers, limits = _drivers(faults), _limits()
    by_topic = _grouped((s.topic.name, rule) for rule, row in rules for s in row.sources.all() if s.topic)
    discovery = _discovery()
    snapshot = Snapshot(
        version=version,
        instance=settings.PATCHBAY_INSTANCE_ID,
        topics=topics,
        drivers=drivers,
        brokers=frozenset(broker.link_key for broker in Broker.objects.only("name")),
        packets=codec_named("packet")(),
        rules_by_topic=by_topic,
        rules_by_device=_grouped(
            (source.device.name, rule) for rule, row in rules for source in row.sources.all() if source.device
        ),
        rules_by_packets=tuple(rule for rule, row in rules if any(source.packets for source in row.sources.all()))
        or default_packet_rules(),
        batch_rules=tuple(rule for rule, _ in rules if rule.every_s is not None),
        limits=limits,
        transit=_transit(version, transit_topics, by_topic, drivers, limits, faults) if transit_topics else None,
        discovery=discovery,
        discovered=_enabled_devices() if discovery else frozenset(),
        faults=faults,
    )
    for name, fault in faults.items():
        logger.error("left out of the configuration: %s: %s", name, fault)
    return snapshot


def _topics(faults: dict[str, str]) -> tuple[dict[str, InTopic], dict[str, InTopic]]:
    """Those whose messages are stored, and those whose messages pass through."""
    stored: dict[str, InTopic] = {}
    passing: dict[str, InTopic] = {}
    meters = Noted()
    for row in Topic.objects.filter(direction=Topic.Direction.IN, is_enabled=True).select_related("device", "broker"):
        try:
            codec = meters.told_to(codec_named(row.codec)(row.codec_options), row.broker_id)
        except ValueError as fault:
            faults[f"topic {row.name}"] = str(fault)
            continue
        device = row.device.name if row.device else ""
        if row.is_stored:
            stored[row.name] = InTopic(row.name, codec, device, row.is_searchable, row.broker.link_key)
        elif codec.is_stateful:
            faults[f"topic {row.name}"] = f"the codec {row.codec} must remember messages, so they have to be stored"
        else:
            passing[row.name] = InTopic(row.name, codec, device, False, row.broker.link_key)
    return stored, passing


def _transit(
    version: int,
    topics: Mapping[str, InTopic],
    by_topic: Mapping[str, tuple[ActiveRule, ...]],
    drivers: Mapping[str, Driver],
    limits: Mapping[str, TargetLimit],
    faults: dict[str, str],
) -> Snapshot:
    """What decisions about messages in transit need to know. A topic whose rules cannot all be used is left out: its
    messages become dead letters rather than pass by a rule that a person made for them."""
    usable = dict(topics)
    for name in topics:
        for rule in by_topic.get(name, ()):
            if rule.every_s is not None or not all(isinstance(a, PublishAction | WriteAction) for a in rule.actions):
                faults[f"topic {name}"] = f"its messages pass through unstored, but {rule.rule.name} needs stored ones"
                usable.pop(name, None)
    return Snapshot(
        version=version,
        instance=settings.PATCHBAY_INSTANCE_ID,
        topics=usable,
        drivers=drivers,
        rules_by_topic={name: by_topic[name] for name in usable if name in by_topic},
        limits=limits,
    )


def _drivers(faults: dict[str, str]) -> dict[str, Driver]:
    drivers = {}
    for row in Device.objects.exclude(driver=""):
        try:
            drivers[row.name] = driver_named(row.driver)(row.options)
        except ValueError as fault:
            faults[f"device {row.name}"] = str(fault)
    return drivers


def _limits() -> dict[str, TargetLimit]:
    rows: list[Broker | Device] = [*Broker.objects.all(), *Device.objects.exclude(driver="")]
    return {
        row.link_key: TargetLimit(
            row.drain_rate or None, row.max_waiting, "" if row.drop_policy == DropPolicy.KEEP else row.drop_policy
        )
        for row in rows
        if row.drain_rate or row.max_waiting
    }


def _discovery() -> dict[str, Names]:
    rows = Broker.objects.filter(is_enabled=True, discovery_enabled=True)
    return {row.link_key: row.discovery_names() for row in rows}


def _enabled_devices() -> frozenset[str]:
    return frozenset(Device.objects.filter(is_enabled=True).values_list("name", flat=True))


def _rules(faults: dict[str, str]) -> list[tuple[ActiveRule, Rule]]:
    found = []
    rows = Rule.objects.filter(is_enabled=True).prefetch_related(
        "sources__topic", "sources__device", "actions__topic__broker", "actions__device", "actions__ticket"
    )
    for row in rows:
        try:
            found.append((_rule(row), row))
        except ValueError as fault:
            faults[f"rule {row.name}"] = str(fault)
    return found


def _rule(row: Rule) -> ActiveRule:
    transform: Mapping[str, str] | None = orjson.loads(row.transform) if row.transform.strip() else None
    compiled = CompiledRule(row.name, row.version, row.condition, transform)
    return ActiveRule(row.pk, compiled, _actions(row), row.every_s)


def _actions(row: Rule) -> tuple[Action, ...]:
    counts: Counter[str] = Counter()
    found = []
    for action in row.actions.all():
        counts[action.kind] += 1
        found.append(compiled_action(action, row.name, counts[action.kind]))
    return tuple(found)


def compiled_action(row: RuleAction, rule: str, number: int) -> Action:
    """What the pipeline does for one action, the `number`th of its kind; raises ValueError."""
    if row.kind in CARRIED:
        return TaskAction(row.kind, task_target(row.kind, rule, number), CARRIED[row.kind](row.all_options).expiry_s)
    if row.kind == EventKind.name:
        return EventAction(EventKind(row.options).given["name"])
    if row.device is not None:
        ticket = compiled_ticket(row.ticket.name, row.ticket.form()) if row.ticket else None
        return WriteAction(row.device.link_key, row.device.write_expiry_s, row.form, ticket)
    if row.topic is None:
        raise ValueError("an action has no target")
    topic = row.topic
    return PublishAction(
        topic.name,
        topic.broker.link_key,
        AddressTemplate(topic.filter),
        topic.qos,
        topic.retain,
        topic.allow_slash,
        topic.expiry_s,
    )


def _grouped(pairs: Iterable[tuple[str, ActiveRule]]) -> dict[str, tuple[ActiveRule, ...]]:
    groups: dict[str, list[ActiveRule]] = defaultdict(list)
    for name, rule in pairs:
        groups[name].append(rule)
    return {name: tuple(rules) for name, rules in groups.items()}
