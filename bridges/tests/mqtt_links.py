"""Links for tests: started, and stopped at the end of the test whatever happens."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol
from uuid import UUID

from bridges.mqtt.link import MqttLink
from bridges.mqtt.settings import MqttSettings, Subscription
from bridges.tests.link_host import KeepingHost, wait_until
from telemetry.backoff import Backoff
from telemetry.links import LinkState
from telemetry.values import Outgoing

_numbers = itertools.count(1)


class Address(Protocol):
    """Where a broker listens."""

    host: str
    port: int


def settings_for(broker: Address, **changes: Any) -> MqttSettings:
    return MqttSettings(**{"host": broker.host, "port": broker.port, "client_id": "link", **changes})


def subscription(topic_filter: str = "in/#", **changes: Any) -> Subscription:
    return Subscription(
        **{"name": "in", "filter": topic_filter, "identifier": 1, "qos": 2, "no_local": False, **changes}
    )


def outgoing(number: int | None = None, **changes: Any) -> Outgoing:
    number = next(_numbers) if number is None else number
    return Outgoing(
        **{"id": UUID(int=number), "payload": str(number).encode(), "address": "out/x", "qos": 1, **changes}
    )


@contextmanager
def running_link(
    settings: MqttSettings,
    host: KeepingHost,
    *,
    subscriptions: Sequence[Subscription] = (),
    awaits: LinkState | None = LinkState.CONNECTED,
) -> Iterator[MqttLink]:
    """A started link that has reached a state."""
    link = MqttLink(
        "broker:test", settings, subscriptions=subscriptions, host=host, backoff=Backoff(0.05, 0.2, draw=lambda: 1.0)
    )
    host.link = link
    link.start()
    try:
        if awaits is not None:
            wait_until(lambda: host.state is awaits, what=f"the link is {awaits}: {host.reports}")
        yield link
    finally:
        link.stop(5.0)
