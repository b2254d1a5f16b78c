"""Makes rows of MQTT_URL and its two topics at a hub's first start, for those who want no page.

It does so once in a hub's life and never overwrites: from then on the rows are what counts.
"""

from __future__ import annotations

import logging
from urllib.parse import SplitResult, unquote, urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from bridges.models import Broker, Topic
from bridges.pipeline.default_rule import DEFAULT_TOPIC
from hub.config_sources import ConfigFault
from hub.once import DoneOnce

log = logging.getLogger(__name__)
BROKER = "env"
SUBSCRIBED = "env-subscribe"
DONE = "mqtt-from-environment"
CODEC = "sensor"


def make_rows() -> list[str]:
    """Make them, if the environment names a broker and this was not done before; answers what was made.

    Raises ConfigFault for an address or topic that cannot be used.
    """
    if not settings.PATCHBAY_MQTT_URL:
        return []
    with transaction.atomic():
        if not DoneOnce.claim(DONE):
            return []
        made = _made(urlsplit(settings.PATCHBAY_MQTT_URL))
    log.info("made of the environment: %s", ", ".join(made) or "nothing, because the names are taken")
    return made


def _made(url: SplitResult) -> list[str]:
    if Broker.objects.filter(name=BROKER).exists():
        return []
    broker = _broker(url)
    made = [f"broker {BROKER}"]
    for name, direction, where in (
        (SUBSCRIBED, Topic.Direction.IN, settings.PATCHBAY_MQTT_SUBSCRIBE_TOPIC),
        (DEFAULT_TOPIC, Topic.Direction.OUT, settings.PATCHBAY_MQTT_PUBLISH_TOPIC),
    ):
        if where and not Topic.objects.filter(name=name).exists():
            _topic(broker, name, direction=direction, where=where)
            made.append(f"topic {name}")
    return made


def _broker(url: SplitResult) -> Broker:
    is_tls = url.scheme == "mqtts"
    broker = Broker(
        name=BROKER,
        label="From the environment",
        host=url.hostname or "",
        port=url.port or (8883 if is_tls else 1883),
        username=unquote(url.username or ""),
        password=unquote(url.password or ""),
        tls_enabled=is_tls,
    )
    _save(broker, "MQTT_URL")
    return broker


def _topic(broker: Broker, name: str, *, direction: Topic.Direction, where: str) -> None:
    is_in = direction == Topic.Direction.IN
    topic = Topic(name=name, broker=broker, direction=direction, filter=where, codec=CODEC if is_in else "json")
    if is_in and (level := _first_open_level(where)):
        topic.codec_options = {"device_level": level}
    _save(topic, "MQTT_SUBSCRIBE_TOPIC" if is_in else "MQTT_PUBLISH_TOPIC")


def _first_open_level(where: str) -> int:
    """Where boards that say no name have it: the first level that a filter leaves open, 0 if there is none."""
    levels = where.split("/")
    if levels[0] == "$share":  # $share/GROUP/FILTER: what arrives has the topic alone
        levels = levels[2:]
    return next((place for place, level in enumerate(levels, start=1) if level in ("+", "#")), 0)


def _save(row: Broker | Topic, variable: str) -> None:
    try:
        row.full_clean()
    except ValidationError as fault:
        raise ConfigFault(variable, f"cannot be used: {' '.join(fault.messages)}", "Mend it or take it away.") from None
    row.save()
