"""Which links the configuration wants, and how each is built. Reads rows, starts nothing."""

from __future__ import annotations

from bridges.models import Broker
from bridges.mqtt.link import MqttLink
from bridges.mqtt.settings import Subscription
from bridges.runtime.host import WorkerHost
from bridges.runtime.wanted_link import WantedLink, subscriptions_of
from bridges.runtime.wanted_transit import transit_links
from bridges.sessions import mqtt_settings
from devices.drivers.registry import driver_named
from devices.models import Device
from devices.serial.link import SerialLink
from telemetry.links import Link

BIRTHS = "(Home Assistant)"
"""Stands for a Topic's name, and is none."""
_BIRTH_IDENTIFIER = 268_435_454  # below that of the link's own look at its broker; no Topic has so high a number


def wanted_links(site: str) -> tuple[dict[str, WantedLink], set[str]]:
    """The links that workers of this site may hold, by key; and the keys of the disabled ones."""
    links: dict[str, WantedLink] = {}
    disabled: set[str] = set()
    for device in Device.objects.exclude(driver="").filter(site=site):
        if device.is_enabled:
            links[device.link_key] = _serial(device)
        else:
            disabled.add(device.link_key)
    for broker in Broker.objects.prefetch_related("topics"):
        if broker.is_enabled:
            links[broker.link_key] = _mqtt(broker)
        else:
            disabled.add(broker.link_key)
    return links | transit_links(), disabled


def _serial(device: Device) -> WantedLink:
    port, options = device.serial_settings(), dict(device.options)
    key, driver, name = device.link_key, device.driver, device.name

    def build(host: WorkerHost) -> Link:
        return SerialLink(key, port, driver_name=driver, driver_options=options, host=host)

    try:
        may_repeat = driver_named(driver)(options).may_repeat_writes
    except ValueError:  # the link itself says what is wrong
        may_repeat = False
    return WantedLink(
        key=key,
        settings=(name, port, driver, tuple(sorted((k, repr(v)) for k, v in options.items()))),
        subscriptions=(),
        build=build,
        is_serial=True,
        is_sticky=not port.is_network,
        may_repeat=may_repeat,
    )


def _mqtt(broker: Broker) -> WantedLink:
    session, key = mqtt_settings(broker), broker.link_key
    subscriptions = (*subscriptions_of(broker.topics.all(), is_stored=True), *_birth_subscriptions(broker))

    def build(host: WorkerHost) -> Link:
        return MqttLink(key, session, subscriptions=subscriptions, host=host)

    return WantedLink(
        key=key,
        settings=session,
        subscriptions=subscriptions,
        build=build,
        is_serial=False,
        is_sticky=False,
        window=session.receive_maximum,
        carries_marks=session.is_v5,
    )


def _birth_subscriptions(broker: Broker) -> tuple[Subscription, ...]:
    """To hear of it when Home Assistant starts. A Topic of the same filter comes first, and stands for both."""
    if not broker.discovery_enabled:
        return ()
    return tuple(
        Subscription(name=BIRTHS, filter=topic, identifier=_BIRTH_IDENTIFIER - number)
        for number, topic in enumerate(broker.discovery_names().births)
    )
