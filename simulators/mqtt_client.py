"""The MQTT half of a simulated device: a client that connects again by itself and keeps nothing while it is away."""

from __future__ import annotations

import sys
from collections.abc import Callable
from threading import Event
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from simulators.simulator import RUNS

_LOGIN_REFUSED = ("Not authorized", "Bad user name or password")


class DeviceClient:
    """One MQTT 3.1.1 client, as small devices have. `on_message(topic, payload)` runs in the client's thread."""

    def __init__(
        self,
        url: str,
        name: str,
        *,
        topics: tuple[str, ...] = (),
        on_message: Callable[[str, bytes], None] | None = None,
    ) -> None:
        """`url` is `mqtt://[user:password@]host[:port]`."""
        parts = urlsplit(url)
        if parts.scheme != "mqtt" or not parts.hostname:
            raise ValueError(f"must look like mqtt://host:port, not {url!r}")
        self.ready = Event()  # set while it is connected and subscribed
        self.standing = ""  # `runs`, or why it does not; '' until the broker answered
        self._address = f"{parts.hostname}:{parts.port or 1883}"
        self._topics = topics
        self._on_message = on_message
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"{name}-{uuid4().hex[:6]}")
        if parts.username:
            self._client.username_pw_set(unquote(parts.username), unquote(parts.password or ""))
        self._client.reconnect_delay_set(1, 4)
        self._client.on_connect = self._connected
        self._client.on_connect_fail = self._unreachable
        self._client.on_subscribe = lambda *_: self._is_ready()
        self._client.on_disconnect = lambda *_: self._lost()
        self._client.on_message = self._received
        self._client.connect_async(parts.hostname, parts.port or 1883, keepalive=30)

    def start(self) -> None:
        """Connect in the background, and again whenever the connection is lost."""
        self._client.loop_start()

    def stop(self) -> None:
        """Disconnect cleanly."""
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes | str, qos: int = 1) -> bool:
        """Publish now; False, and nothing is kept, while the broker is away: small devices have no memory for it."""
        if not self.ready.is_set():
            return False
        return self._client.publish(topic, payload, qos).rc == mqtt.MQTT_ERR_SUCCESS

    def _connected(self, client: mqtt.Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            what = "login refused" if str(reason) in _LOGIN_REFUSED else f"refused ({reason})"
            self.standing = f"{what} by {self._address}, trying again"
            return
        if self._topics:
            client.subscribe([(topic, 1) for topic in self._topics])
        else:
            self._is_ready()

    def _is_ready(self) -> None:
        self.standing = RUNS
        self.ready.set()

    def _lost(self) -> None:
        if self.ready.is_set():  # else it never was connected, and another word says why
            self.standing = f"connection to {self._address} lost, trying again"
        self.ready.clear()

    def _unreachable(self, *_: Any) -> None:
        """paho calls it while it handles the error, and does not hand it over."""
        fault = sys.exception()
        if isinstance(fault, ConnectionRefusedError):
            self.standing = f"connection refused by {self._address}, trying again"
        else:
            self.standing = f"no connection to {self._address} ({fault}), trying again"

    def _received(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        if self._on_message:
            self._on_message(message.topic, bytes(message.payload))
