"""An MQTT client that keeps what it hears, for the tests of simulators."""

from __future__ import annotations

import json
from collections.abc import Callable
from threading import Condition
from types import TracebackType
from typing import Any

from simulators.mqtt_client import DeviceClient


class Listener:
    """`with Listener(url, "sensors/#") as heard: heard.wait(lambda: ...)`."""

    def __init__(self, url: str, *topics: str) -> None:
        self.messages: list[tuple[str, bytes]] = []
        self._changed = Condition()
        self._client = DeviceClient(url, "listener", topics=topics, on_message=self._hear)

    def on(self, topic: str) -> list[Any]:
        """The JSON payloads heard on one topic."""
        return [json.loads(payload) for heard, payload in list(self.messages) if heard == topic]

    def wait(self, condition: Callable[[], object], timeout_s: float = 10.0) -> bool:
        """Whether the condition came true in time."""
        with self._changed:
            return bool(self._changed.wait_for(condition, timeout_s))

    def say(self, topic: str, payload: str) -> None:
        """Publish."""
        self._client.publish(topic, payload)

    def _hear(self, topic: str, payload: bytes) -> None:
        with self._changed:
            self.messages.append((topic, payload))
            self._changed.notify_all()

    def __enter__(self) -> Listener:
        self._client.start()
        assert self._client.ready.wait(10), "no broker"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.stop()
