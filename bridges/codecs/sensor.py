"""The `sensor` codec: home-made sensors (ESP32, Arduino) as they are in the wild, read leniently.

For the hub's own strict form there is `packet`. Here every usual name for the device, the time and the values will do;
what cannot be understood costs only itself. The value stays what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from bridges.codecs.availability import availability
from bridges.codecs.base import Codec, Incoming
from bridges.codecs.device_time import read_time
from bridges.codecs.document import read_json, read_text
from bridges.codecs.measures import readings_from
from bridges.codecs.paths import steps_of, value_at
from bridges.codecs.sensor_fields import device_of, measurement, measurements, time_said, told_apart
from bridges.codecs.zones import ZONE_OPTION, zone_named
from telemetry.options import Option
from telemetry.values import Decoded, Json

MAX_ITEMS: Final = 100
"""Devices in one list."""

_NO_NUMBER: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|[+-]?\b(?:nan|inf|infinity)\b', re.IGNORECASE)


class SensorCodec(Codec):
    """Exactly one result, or one for each device of a list. The value is the document or text as it was sent."""

    name = "sensor"
    label = "Sensor, leniently"
    help = "JSON of home-made sensors: flat, nested or listed; numbers in text; any usual name for device and time"
    options = (
        Option(
            name="device_key", kind=str, default="", label="Device key", help="Where the device's name stands: dev.id"
        ),
        Option(
            name="device_level",
            kind=int,
            default=0,
            minimum=-32,
            maximum=32,
            label="Device in topic",
            help="The level of the topic that names the device if the payload does not: "
            "1 is the first, -1 the last, 0 none (then the readings stand under the topic's name)",
        ),
        Option(name="time_key", kind=str, default="", label="Time key", help="Where the device's own time stands"),
        ZONE_OPTION,
    )

    def __init__(self, given: Mapping[str, Any] | None = None) -> None:
        super().__init__(given)
        self._device_steps = steps_of("device_key", self.given["device_key"])
        self._time_steps = steps_of("time_key", self.given["time_key"])
        self._zone = zone_named(self.given["zone"])

    def decode(self, state: Json, incoming: Incoming) -> tuple[Json, Sequence[Decoded]]:
        """Raises DecodeFault for broken JSON and for what is no text."""
        suggested = self._topic_device(incoming.topic)
        if incoming.payload.strip()[:1] not in (b"{", b"["):
            return state, (_plain(incoming, suggested),)
        document = read_json(mended(incoming.payload))
        items = document if isinstance(document, list) and all(map(_is_packet, document[:MAX_ITEMS])) else [document]
        return state, tuple(self._decoded(item, suggested) for item in items[:MAX_ITEMS])

    def _decoded(self, document: Json, suggested: str) -> Decoded:
        told = value_at(document, self._time_steps) if self._time_steps else time_said(document)
        return Decoded(
            document,
            readings_from(told_apart(measurements(document))),
            device=self._device(document),
            time=read_time(told, self._zone),
            topic_device=suggested,
        )

    def _device(self, document: Json) -> str:
        if self._device_steps:
            return device_of({"id": value_at(document, self._device_steps)})
        return device_of(document) if isinstance(document, dict) else ""

    def _topic_device(self, topic: str) -> str:
        levels, place = topic.split("/"), self.given["device_level"]
        index = place - 1 if place > 0 else place
        return levels[index] if place and -len(levels) <= index < len(levels) else ""


def mended(payload: bytes) -> bytes:
    """The nan and inf that a hand-made printf writes, as null."""
    return _NO_NUMBER.sub(lambda found: found[0] if found[0][:1] == b'"' else b"null", payload)


def _is_packet(item: Json) -> bool:
    return isinstance(item, dict) and bool(device_of(item)) and "value" not in item


def _plain(incoming: Incoming, suggested: str) -> Decoded:
    """A number, perhaps with its unit, named by the last level of the topic; or a word about being there."""
    before, _, last = incoming.topic.rpartition("/")
    if decoded := availability(incoming.payload, device=suggested or before):
        return decoded
    text = read_text(incoming.payload)
    return Decoded(text, readings_from(told_apart(measurement(last or "value", text))), topic_device=suggested)
