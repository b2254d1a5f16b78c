"""The `openmqttgateway` codec: OpenMQTTGateway and Theengs Gateway, which pass on what Bluetooth and radio sensors say.

Units: the properties of the Theengs decoder. Radio and infrared codes are events: kept, without readings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from bridges.codecs.availability import availability
from bridges.codecs.base import Codec, Incoming, check_size
from bridges.codecs.document import text_or_json
from bridges.codecs.measures import Named, named, number_of, readings_from
from bridges.codecs.rtl433 import event_device, event_readings
from telemetry.values import Decoded, Json, Reading

_EVENTS: Final = frozenset(
    {"433", "SRFB", "IR", "Pilight", "RF", "2G", "RFID", "RTL_433ping", "GPIOInput", "GPIOKey", "TOUCH", "SSD1306"}
)

_NAMES: Final = {
    "tempc": ("temperature", "°C"), "tempf": ("temperature", "°F"), "tempc2": ("temperature2", "°C"),
    "tempf2": ("temperature2", "°F"), "hum": ("humidity", "%"), "batt": ("battery", "%"), "volt": ("voltage", "V"),
    "lux": ("illuminance", "lx"), "moi": ("moisture", "%"), "fer": ("fertility", "µS/cm"), "pres": ("pressure", "hPa"),
    "co2": ("co2", "ppm"), "pm25": ("pm25", "µg/m³"), "pm10": ("pm10", "µg/m³"), "for": ("formaldehyde", "mg/m³"),
    "accx": ("acceleration_x", "m/s²"), "accy": ("acceleration_y", "m/s²"), "accz": ("acceleration_z", "m/s²"),
    "rssi": ("rssi", "dBm"), "distance": ("distance", "m"), "txpower": ("tx_power", "dBm"), "power": ("power", "W"),
    "current": ("current", "A"), "energy": ("energy", "kWh"), "impedance": ("impedance", "Ω"), "steps": ("steps", ""),
    "uptime": ("uptime", "s"), "freemem": ("free_memory", "B"),
}  # fmt: skip


class OpenMqttGatewayCodec(Codec):
    """The value is the document, the text or `{"available": …}`. The device is the sensor's MAC without colons."""

    name = "openmqttgateway"
    label = "OpenMQTTGateway, Theengs"
    help = "Topics home/<gateway>/BTtoMQTT/<MAC>, SYStoMQTT, LWT; 433toMQTT and the like are events"

    def decode(self, state: Json, incoming: Incoming) -> tuple[Json, Sequence[Decoded]]:
        """Exactly one result; raises DecodeFault for what is neither JSON nor text."""
        check_size(incoming.payload)
        gateway, kind, below = split_topic(incoming.topic)
        if kind == "LWT" and (decoded := availability(incoming.payload, device=gateway)):
            return state, (decoded,)
        value = text_or_json(incoming.payload)
        if not isinstance(value, dict) or not kind.endswith("toMQTT"):
            return state, (Decoded(value, topic_device=gateway),)
        source = kind.removesuffix("toMQTT")
        if source == "RTL_433":
            return state, (Decoded(value, event_readings(value), device=event_device(value), topic_device=gateway),)
        if source in _EVENTS:
            return state, (Decoded(value, topic_device=gateway),)
        return state, (Decoded(value, _readings(value), device=_mac(value), topic_device=below or gateway),)


def split_topic(topic: str) -> tuple[str, str, str]:
    """The gateway, what it passes on (BTtoMQTT, LWT), and what stands below that: the sensor."""
    levels = topic.split("/")
    places = [place for place, level in enumerate(levels) if level.endswith("toMQTT") or "MQTTto" in level]
    place = places[0] if places else len(levels) - 1
    return levels[place - 1] if place else "", levels[place], "-".join(levels[place + 1 :])


def _mac(values: Mapping[str, Json]) -> str:
    """As the topics have it. Only of Bluetooth: other gateways use `id` for other things."""
    said = next((values[key] for key in ("id", "mac") if isinstance(values.get(key), str)), "")
    mac = str(said).replace(":", "").upper()
    return mac if len(mac) == 12 and all(digit in "0123456789ABCDEF" for digit in mac) else ""


def _readings(values: Mapping[str, Json]) -> tuple[Reading, ...]:
    return readings_from([*named(values, _NAMES), *_weight(values)])


def _weight(values: Mapping[str, Json]) -> Iterator[Named]:
    """A scale says its unit beside the weight."""
    number, unit = number_of(values.get("weight")), values.get("unit", "")
    if number is not None:
        yield "weight", number, unit if isinstance(unit, str) and len(unit) <= 16 and unit.isprintable() else ""
