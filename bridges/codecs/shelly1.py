"""The `shelly1` codec: Shelly devices of the first generation, one plain value a topic under `shellies/`.

Units: the Shelly Gen1 MQTT documentation. Button presses and announcements are kept without readings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bridges.codecs.availability import availability
from bridges.codecs.base import Codec, Incoming, check_size
from bridges.codecs.document import text_or_json
from bridges.codecs.measures import number_of, readings_from
from telemetry.values import Decoded, Json, Reading

_PARTS: Final = frozenset({
    "relay", "emeter", "roller", "light", "white", "color", "input", "input_event", "longpush", "sensor",
    "temperature", "temperature_f", "overtemperature", "temperature_status", "ext_temperature", "ext_temperatures",
    "ext_humidity", "ext_humidities", "voltage", "adc", "online", "announce", "info", "command", "status",
})  # fmt: skip
_NO_MEASUREMENTS: Final = frozenset({"input_event", "longpush", "announce", "info", "command", "status", "set"})
_DOUBLED: Final = frozenset({"temperature_f"})  # the same in degrees Fahrenheit

_UNITS: Final = {
    "power": "W", "reactive_power": "var", "current": "A", "voltage": "V", "total": "Wh", "total_returned": "Wh",
    "energy": "W·min", "returned_energy": "W·min", "temperature": "°C", "ext_temperature": "°C", "humidity": "%",
    "ext_humidity": "%", "battery": "%", "lux": "lx", "pos": "%",
}  # fmt: skip
_AS_CONFIGURED: Final = ("sensor", "temperature")  # °C or °F: the device does not say


class Shelly1Codec(Codec):
    """The value is the text or the document, or `{"available": …}`. The metric is the topic: emeter.0.power."""

    name = "shelly1"
    label = "Shelly Gen1"
    help = "Topics shellies/<id>/relay/0, emeter/0/power, sensor/temperature, online"

    def decode(self, state: Json, incoming: Incoming) -> tuple[Json, Sequence[Decoded]]:
        """Exactly one result; raises DecodeFault for what is not text."""
        check_size(incoming.payload)
        device, path = split_topic(incoming.topic)
        if path == ("online",) and (decoded := availability(incoming.payload, device=device)):
            return state, (decoded,)
        value = text_or_json(incoming.payload)
        return state, (Decoded(value, _readings(path, value), topic_device=device),)


def split_topic(topic: str) -> tuple[str, tuple[str, ...]]:
    """The device and what the value is: ('shellyem3', ('emeter', '0', 'power'))."""
    levels = topic.split("/")
    place = next((place for place, level in enumerate(levels) if place > 1 and level in _PARTS), len(levels))
    first = 1 if levels[0] == "shellies" else 0
    return "/".join(levels[first:place]), tuple(levels[place:])


def _readings(path: tuple[str, ...], value: Json) -> tuple[Reading, ...]:
    if not path or not _NO_MEASUREMENTS.isdisjoint(path) or path[0] in _DOUBLED or not isinstance(value, str):
        return ()
    number = number_of(value)
    return readings_from(() if number is None else ((".".join(path), number, _unit(path)),))


def _unit(path: tuple[str, ...]) -> str:
    if path == _AS_CONFIGURED:
        return ""
    return _UNITS.get(next((step for step in reversed(path) if not step.isdecimal()), ""), "")
