"""The `zigbee2mqtt` codec: devices behind Zigbee2MQTT, by their friendly names (which may hold spaces and slashes).

What the bridge says of itself, and what is said to devices, are no measurements. Units: the exposes of Zigbee2MQTT.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from bridges.codecs.availability import availability
from bridges.codecs.base import Codec, Incoming, check_size
from bridges.codecs.device_time import read_time
from bridges.codecs.document import text_or_json
from bridges.codecs.measures import measured, number_of, readings_from
from telemetry.options import Option
from telemetry.values import Decoded, Json

_SKIP: Final = frozenset({"update", "device", "last_seen", "action_transaction", "update_available"})

_UNITS: Final = {
    "temperature": "°C", "device_temperature": "°C", "local_temperature": "°C", "soil_temperature": "°C",
    "occupied_heating_setpoint": "°C", "current_heating_setpoint": "°C", "humidity": "%", "soil_moisture": "%",
    "pressure": "hPa", "battery": "%", "power": "W", "current": "A", "energy": "kWh", "illuminance": "lx",
    "illuminance_lux": "lx", "co2": "ppm", "pm25": "µg/m³", "position": "%", "tilt": "%", "ac_frequency": "Hz",
}  # fmt: skip
_MAINS = frozenset({"power", "current", "energy"})


class Zigbee2MqttCodec(Codec):
    """The value is the document, the text or `{"available": …}`."""

    name = "zigbee2mqtt"
    label = "Zigbee2MQTT"
    help = "Topics zigbee2mqtt/<friendly name> and what stands under them"
    options = (
        Option(name="base", kind=str, default="zigbee2mqtt", label="Base topic", help="As Zigbee2MQTT is configured"),
    )

    def __init__(self, given: Mapping[str, Any] | None = None) -> None:
        super().__init__(given)
        self._base = self.given["base"].strip("/")

    def decode(self, state: Json, incoming: Incoming) -> tuple[Json, Sequence[Decoded]]:
        """Exactly one result; raises DecodeFault for what is neither JSON nor text."""
        check_size(incoming.payload)
        name = self._name(incoming.topic)
        device, _, last = name.rpartition("/")
        if name == "bridge/state":
            device, last = self._base, "availability"
        if last == "availability" and (decoded := availability(incoming.payload, device=device)):
            return state, (decoded,)
        value = text_or_json(incoming.payload)
        if name.startswith("bridge/") or _is_command(name):
            return state, (Decoded(value, topic_device=self._base if name.startswith("bridge/") else ""),)
        if isinstance(value, dict):
            return state, (_device(value, name),)
        return state, (_attribute(value, device, last),)

    def _name(self, topic: str) -> str:
        """What stands behind the base topic."""
        return topic[len(self._base) + 1 :] if topic.startswith(f"{self._base}/") else topic


def _is_command(name: str) -> bool:
    """<name>/set, <name>/get, and one attribute below them."""
    return not {"set", "get"}.isdisjoint(name.split("/")[1:][-2:])


def _device(values: dict[str, Json], name: str) -> Decoded:
    return Decoded(
        values,
        measured(values, lambda path: _unit(path, values), skip=_SKIP),
        time=read_time(values.get("last_seen")),
        topic_device=name,
    )


def _attribute(value: Json, device: str, key: str) -> Decoded:
    """One attribute a topic (`output: attribute`)."""
    number = None if key in _SKIP else number_of(value)
    found = () if number is None else ((key, number, _unit((key,), {})),)
    return Decoded(value, readings_from(found), topic_device=device)


def _unit(path: tuple[str, ...], values: Mapping[str, Json]) -> str:
    """'voltage' is in mV where there is a battery and in V on the mains; else nobody knows."""
    if path == ("voltage",):
        return "mV" if "battery" in values else "V" if _MAINS & values.keys() else ""
    return _UNITS.get(path[-1], "")
