"""How a session ends on purpose, as a real broker and another client see it: with or without its last will."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bridges.mqtt.settings import MQTT_5, MQTT_311
from bridges.tests.link_host import KeepingHost, wait_until
from bridges.tests.mqtt_links import running_link, settings_for, subscription
from simulators.servers.mosquitto import MosquittoServer


@pytest.fixture(scope="module")
def broker() -> Iterator[MosquittoServer]:
    with MosquittoServer() as server:
        yield server


@pytest.mark.parametrize("protocol", [MQTT_5, MQTT_311])
@pytest.mark.parametrize("is_parting", [True, False])
def test_a_will_is_published_at_a_planned_end_only_if_that_is_asked_for(
    broker: MosquittoServer, protocol: int, is_parting: bool
) -> None:
    watcher, host = KeepingHost(), KeepingHost()
    number = f"{protocol}{int(is_parting)}"
    watching = settings_for(broker, client_id=f"watcher{number}")
    with running_link(
        watching, watcher, subscriptions=[subscription(f"{number}/in/#"), subscription("end", identifier=2)]
    ):
        settings = settings_for(
            broker,
            client_id=f"hub{number}",
            protocol=protocol,
            has_parting_will=is_parting,
            will_topic=f"{number}/in/status",
            will_payload=b"offline",
        )
        with running_link(settings, host):
            pass
        last = settings_for(broker, client_id=f"last{number}", will_topic="end", has_parting_will=True)
        with running_link(last, KeepingHost()):
            pass
        wait_until(lambda: any(arrival.topic == "end" for arrival in watcher.arrivals), what="the end")
        said = [arrival.payload for arrival in watcher.arrivals if arrival.topic != "end"]
        assert said == ([b"offline"] if is_parting else [])
