"""Which transit links the configuration wants: one for each broker with topics that are not stored. Reads rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from bridges.models import Broker, RuleAction, Topic
from bridges.mqtt.settings import MqttSettings
from bridges.runtime.host import WorkerHost
from bridges.runtime.wanted_link import WantedLink, subscriptions_of
from bridges.sessions import mqtt_settings
from bridges.transit.crossing import TransitSettings
from bridges.transit.link import TransitLink
from telemetry.links import Link


def transit_links() -> dict[str, WantedLink]:
    """By key. One query if nothing is in transit."""
    topics: dict[Broker, list[Topic]] = defaultdict(list)
    for topic in Topic.objects.filter(is_stored=False, is_enabled=True, broker__is_enabled=True).select_related(
        "broker"
    ):
        topics[topic.broker].append(topic)
    found = [_link(broker, rows) for broker, rows in topics.items()]
    return {link.key: link for link in found}


def _link(broker: Broker, topics: list[Topic]) -> WantedLink:
    key, source = broker.transit_key, broker.link_key
    actions = RuleAction.objects.filter(
        rule__is_enabled=True, rule__sources__topic__in=[topic.pk for topic in topics]
    ).select_related("topic__broker", "device")
    targets, devices = _targets(actions)
    settings = TransitSettings(
        source,
        _session(broker, "transit"),
        tuple(
            (other.link_key, _session(other, f"transit-{broker.name}")) for other in targets if other.pk != broker.pk
        ),
        tuple(sorted(devices)),
    )
    subscriptions = subscriptions_of(topics, is_stored=False)

    def build(host: WorkerHost) -> Link:
        if host.around is None:
            raise RuntimeError("a transit link needs the worker around it")
        return TransitLink(key, settings, subscriptions=subscriptions, around=host.around)

    return WantedLink(
        key=key,
        settings=settings,
        subscriptions=subscriptions,
        build=build,
        is_serial=False,
        is_sticky=False,
        is_transit=True,
        needs=devices,
    )


def _targets(actions: Iterable[RuleAction]) -> tuple[list[Broker], frozenset[str]]:
    """The enabled brokers that are published to, and the links of the enabled devices that are written to."""
    brokers: dict[int, Broker] = {}
    devices: set[str] = set()
    for action in actions:
        if action.topic is not None and action.topic.broker.is_enabled:
            brokers[action.topic.broker.pk] = action.topic.broker
        if action.device is not None and action.device.is_enabled and action.device.link_key:
            devices.add(action.device.link_key)
    return [brokers[pk] for pk in sorted(brokers)], frozenset(devices)


def _session(broker: Broker, suffix: str) -> MqttSettings:
    """As the broker's own, under a client id of its own and without a will: it is not the hub that ends with it."""
    settings = mqtt_settings(broker)
    return replace(
        settings,
        client_id=f"{settings.client_id}-{suffix}",
        will_topic="",
        will_payload=b"",
        has_parting_will=False,
    )
