"""A foreign MQTT 5 client at one of the test's brokers: it publishes with confirmation and keeps what it receives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Condition, Event
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from simulators.servers.mosquitto import MosquittoServer

USER, PASSWORD = "tester", "tester's password"
_KEPT_S = 3600


class Received(NamedTuple):
    """A message as it came, with the stable id of the hub's delivery."""

    topic: str
    payload: bytes
    qos: int
    id: str


class MqttPeer:
    """Connected and subscribed when `start` returns. Its session outlives a restart of the broker."""

    def __init__(self, broker: MosquittoServer, name: str, topics: Sequence[tuple[str, int]] = ()) -> None:
        self.messages: list[Received] = []
        self._broker = broker
        self._topics = list(topics)
        self._changed = Condition()
        self._ready = Event()
        self._confirmed = 0
        client = self._client = mqtt.Client(CallbackAPIVersion.VERSION2, name, protocol=mqtt.MQTTv5)
        client.username_pw_set(USER, PASSWORD)
        if broker.ca:
            client.tls_set(broker.ca)
        client.reconnect_delay_set(1, 1)
        client.on_connect, client.on_message = self._connected, self._received
        client.on_subscribe = lambda *_: self._ready.set()
        client.on_disconnect = lambda *_: self._ready.clear()
        client.on_publish = self._published

    def start(self) -> MqttPeer:
        """Connect and subscribe."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = _KEPT_S
        self._client.connect(self._broker.host, self._broker.port, clean_start=False, properties=properties)
        self._client.loop_start()
        assert self._ready.wait(10), "the test's own MQTT client is not connected"
        return self

    def stop(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes | str, qos: int = 1, *, retain: bool = False) -> None:
        """Publish, and wait until the broker has confirmed it."""
        self._client.publish(topic, payload, qos, retain).wait_for_publish(15)

    def publish_soon(self, topic: str, payload: bytes | str, qos: int = 1) -> None:
        """Publish, or do so as soon as the broker is there; `wait_until_confirmed` tells when."""
        self._client.publish(topic, payload, qos)

    def wait_until_confirmed(self, count: int, within_s: float = 30.0) -> None:
        """Wait until the broker has confirmed that many messages of this client in all."""
        with self._changed:
            done = self._changed.wait_for(lambda: self._confirmed >= count, within_s)
        assert done, f"the broker confirmed {self._confirmed} of {count} messages within {within_s:g} s"

    def payloads(self, topic: str = "") -> list[bytes]:
        """What came, in order."""
        with self._changed:
            return [message.payload for message in self.messages if not topic or message.topic == topic]

    def wait(self, condition: Callable[[list[Received]], object], within_s: float = 15.0) -> list[Received]:
        """Wait until the condition on what came is true."""
        with self._changed:
            done = self._changed.wait_for(lambda: condition(self.messages), within_s)
            found = list(self.messages)
        assert done, f"not within {within_s:g} s; {len(found)} messages came, the last: {found[-3:]}"
        return found

    def wait_for_payload(self, payload: bytes, *, topic: str = "", within_s: float = 15.0) -> Received:
        """The first message with this payload."""

        def matches(message: Received) -> bool:
            return message.payload == payload and topic in ("", message.topic)

        found = self.wait(lambda messages: any(map(matches, messages)), within_s)
        return next(filter(matches, found))

    def forget(self) -> None:
        """Begin with nothing received."""
        with self._changed:
            self.messages.clear()

    def _connected(self, client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            return
        if self._topics:
            client.subscribe(self._topics)
        else:
            self._ready.set()

    def _received(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        properties = dict(getattr(message.properties, "UserProperty", []))
        with self._changed:
            self.messages.append(Received(message.topic, bytes(message.payload), message.qos, properties.get("id", "")))
            self._changed.notify_all()

    def _published(self, *_: Any) -> None:
        with self._changed:
            self._confirmed += 1
            self._changed.notify_all()
