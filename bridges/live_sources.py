"""Tells the live pages which MQTT links are configured, and how meters stand."""

from __future__ import annotations

from collections.abc import Iterator

from bridges.meters.live import meter_events
from bridges.models import Broker, Topic
from devices.seen import register_other_names
from telemetry.live.sources import LabelledLink, register_link_source, register_state_source


def links() -> Iterator[LabelledLink]:
    """One link a broker, and one more where messages pass through unstored."""
    brokers = Broker.objects.only("name", "label", "is_enabled")
    for broker in brokers:
        yield LabelledLink(key=broker.link_key, label=str(broker), is_enabled=broker.is_enabled)
    for broker in brokers.filter(topics__is_stored=False, topics__is_enabled=True).distinct():
        yield LabelledLink(key=broker.transit_key, label=f"{broker}: passing through", is_enabled=broker.is_enabled)


def topic_names() -> Iterator[str]:
    """Readings of a Topic that tells no device stand under its name."""
    yield from Topic.objects.filter(direction=Topic.Direction.IN).values_list("name", flat=True)


def register() -> None:
    """Called once, when the app is ready."""
    register_link_source(links)
    register_other_names(topic_names)
    register_state_source("meters", meter_events)
