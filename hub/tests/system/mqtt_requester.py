"""An MQTT 5 client that asks and is answered: it publishes with a response topic and correlation data."""

from __future__ import annotations

from queue import Queue
from types import TracebackType
from typing import Any, NamedTuple, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from hub.tests.system.mqtt_peer import PASSWORD, USER
from simulators.servers.mosquitto import MosquittoServer


class Reply(NamedTuple):
    """What came on the response topic."""

    payload: bytes
    correlation: bytes


class Requester:
    """Subscribed to its own response topic while it is open."""

    def __init__(self, broker: MosquittoServer, response_topic: str) -> None:
        self._broker = broker
        self._topic = response_topic
        self._replies: Queue[Reply] = Queue()
        self._is_ready: Queue[bool] = Queue()
        client = self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        client.username_pw_set(USER, PASSWORD)
        if broker.ca:
            client.tls_set(broker.ca)
        client.on_connect = self._connected
        client.on_subscribe = lambda *_: self._is_ready.put(True)
        client.on_message = self._received

    def ask(self, topic: str, payload: bytes, correlation: bytes, *, reply_to: str = "") -> None:
        """Publish a question."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.ResponseTopic = reply_to or self._topic
        properties.CorrelationData = correlation
        self._client.publish(topic, payload, 1, properties=properties).wait_for_publish(15)

    def reply(self, within_s: float = 15.0) -> Reply:
        """The next reply; raises queue.Empty."""
        return self._replies.get(timeout=within_s)

    def has_more(self) -> bool:
        """Whether more came than was taken."""
        return not self._replies.empty()

    def _connected(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe(self._topic, 1)

    def _received(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        correlation = getattr(message.properties, "CorrelationData", b"")
        self._replies.put(Reply(bytes(message.payload), correlation))

    def __enter__(self) -> Self:
        self._client.connect(self._broker.host, self._broker.port)
        self._client.loop_start()
        assert self._is_ready.get(timeout=15)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.disconnect()
        self._client.loop_stop()
