"""Publishes what was recorded of a product: the messages in the tests of its device pack, again and again.

It reads the pack as data and knows nothing else of it. Faults: payloads that are cut, and messages that come twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from random import Random
from typing import Any

from ruamel.yaml import YAML

from simulators.mqtt_client import DeviceClient
from simulators.simulator import Simulator

LIBRARY = Path(__file__).parents[1] / "bridges" / "packs" / "library"
_PLACE = re.compile(r"\{setting\.([a-z0-9_]+)\}")


@dataclass(frozen=True, slots=True)
class Recorded:
    """One message."""

    topic: str
    payload: bytes


def recorded(pack: str, answers: Mapping[str, str] | None = None) -> list[Recorded]:
    """The messages of a pack, named or as a file, with these answers to its settings in the place of its examples."""
    path = LIBRARY / f"{pack}.yaml"
    document = YAML(typ="safe", pure=True).load((path if path.exists() else Path(pack)).read_text("utf-8"))
    settings = {one["name"]: one.get("example", one.get("default", "")) for one in document.get("settings") or ()}
    found = []
    for test in document["tests"]:
        values = {**settings, **(test.get("settings") or {}), **(answers or {})}
        for step in test.get("steps") or [test]:
            found += [Recorded(_filled(topic, values), payload) for topic, payload in _messages(step)]
    return found


class Replay(Simulator):
    """The messages, one every `every_s`, at the broker at `url`."""

    def __init__(
        self,
        url: str,
        messages: Sequence[Recorded],
        *,
        every_s: float = 2.0,
        cut: float = 0.0,  # the share of payloads that break off in the middle
        repeated: float = 0.0,  # the share of messages that come twice
        seed: int = 0,
    ) -> None:
        """Raises ValueError if nothing was recorded."""
        super().__init__("replay")
        if not messages:
            raise ValueError("this pack has no messages to replay")
        self._messages = messages
        self._every_s = every_s
        self._cut, self._repeated = cut, repeated
        self._random = Random(seed)
        self._client = DeviceClient(url, "replay")
        self.published = 0

    @property
    def standing(self) -> str:
        return self._client.standing

    def run(self) -> None:
        self._client.start()
        try:
            for message in cycle(self._messages):
                if self.stopping.wait(self._every_s):
                    return
                self._publish(message)
        finally:
            self._client.stop()

    def _publish(self, message: Recorded) -> None:
        payload = message.payload
        if self._random.random() < self._cut:
            payload = payload[: len(payload) // 2]
        for _ in range(2 if self._random.random() < self._repeated else 1):
            self.published += self._client.publish(message.topic, payload)


def _messages(step: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    for line in filter(None, str(step.get("log") or "").splitlines()):
        topic, _, payload = line.partition(" ")
        yield topic, payload.encode()
    if "topic" in step and not step.get("retain"):
        hexadecimal = step.get("payload_hex")
        yield step["topic"], bytes.fromhex(hexadecimal) if hexadecimal else str(step.get("payload", "")).encode()


def _filled(text: str, values: Mapping[str, Any]) -> str:
    return _PLACE.sub(lambda place: str(values.get(place[1], place[0])), text)
