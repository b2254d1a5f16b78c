"""The `ruuvi` codec: tags behind a Ruuvi Gateway, from the raw advertisement (data formats 5 and 3) or decoded values.

Source: Ruuvi's descriptions of data formats 3 (RAWv1) and 5 (RAWv2). A value that is not available gives no reading.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from bridges.codecs.availability import availability
from bridges.codecs.base import Codec, Incoming, check_size
from bridges.codecs.device_time import read_time
from bridges.codecs.document import text_or_json
from bridges.codecs.measures import Named, named, number_of, readings_from
from telemetry.values import Decoded, DecodeFault, Json

_MANUFACTURER_DATA: Final = 0xFF
_RUUVI: Final = b"\x99\x04"  # company 0x0499
_NAMES: Final = {
    "temperature": ("temperature", "°C"), "humidity": ("humidity", "%"), "voltage": ("battery_voltage", "V"),
    "accelX": ("acceleration_x", "g"), "accelY": ("acceleration_y", "g"), "accelZ": ("acceleration_z", "g"),
    "txPower": ("tx_power", "dBm"), "movementCounter": ("movement_counter", ""),
    "measurementSequenceNumber": ("measurement_sequence", ""), "co2": ("co2", "ppm"), "rssi": ("rssi", "dBm"),
}  # fmt: skip


class RuuviCodec(Codec):
    """The value is the gateway's document or `{"available": …}`. The device is the tag's address, as in the topic."""

    name = "ruuvi"
    label = "Ruuvi Gateway"
    help = "Topics ruuvi/<gateway>/<tag> and ruuvi/<gateway>/gw_status"

    def decode(self, state: Json, incoming: Incoming) -> tuple[Json, Sequence[Decoded]]:
        """Exactly one result; raises DecodeFault for an advertisement that is none."""
        check_size(incoming.payload)
        before, _, last = incoming.topic.rpartition("/")
        gateway = before.rpartition("/")[2]
        if last == "gw_status" and (decoded := availability(incoming.payload, device=gateway)):
            return state, (decoded,)
        value = text_or_json(incoming.payload)
        if not isinstance(value, dict) or last == "gw_status":
            return state, (Decoded(value, topic_device=gateway if last == "gw_status" else last),)
        found = [*_advertised(value.get("data")), *_said(value)]
        return state, (Decoded(value, readings_from(found), time=read_time(value.get("ts")), topic_device=last),)


def _said(values: dict[str, Json]) -> Iterator[Named]:
    """What a gateway that decodes by itself says, and how well it heard the tag."""
    yield from named(values, _NAMES)
    pressure = number_of(values.get("pressure"))
    if pressure is not None:  # Pa; some forwarders say hPa
        yield "pressure", round(pressure / 100, 2) if pressure > 2000 else pressure, "hPa"


def _advertised(data: Json) -> Iterator[Named]:
    """The measurements in a Bluetooth advertisement; nothing for one of another maker or format."""
    if not isinstance(data, str):
        return
    try:
        advertisement = bytes.fromhex(data)
    except ValueError:
        raise DecodeFault("data: an advertisement is written in hexadecimal digits") from None
    for kind, content in _structures(advertisement):
        if kind == _MANUFACTURER_DATA and content[:2] == _RUUVI:
            if content[2:3] == b"\x05" and len(content) >= 20:
                yield from _format_5(content[2:])
            elif content[2:3] == b"\x03" and len(content) >= 16:
                yield from _format_3(content[2:])


def _structures(advertisement: bytes) -> Iterator[tuple[int, bytes]]:
    """Length, type, content: the structures of an advertisement (Bluetooth Core, Vol 3, Part C, 11)."""
    while len(advertisement) > 1 and advertisement[0]:
        end = 1 + advertisement[0]
        yield advertisement[1], advertisement[2:end]
        advertisement = advertisement[end:]


def _format_5(data: bytes) -> Iterator[Named]:
    temperature, humidity, pressure, x, y, z, power, moves, sequence = struct.unpack(">hHHhhhHBH", data[1:18])
    if temperature != -0x8000:
        yield "temperature", round(temperature * 0.005, 3), "°C"
    if humidity != 0xFFFF:
        yield "humidity", round(humidity * 0.0025, 4), "%"
    if pressure != 0xFFFF:
        yield "pressure", round((pressure + 50_000) / 100, 2), "hPa"
    yield from _acceleration(axis for axis in zip("xyz", (x, y, z), strict=True) if axis[1] != -0x8000)
    if power >> 5 != 0x7FF:
        yield "battery_voltage", round(((power >> 5) + 1600) / 1000, 3), "V"
    if power & 0x1F != 0x1F:
        yield "tx_power", (power & 0x1F) * 2.0 - 40, "dBm"
    if moves != 0xFF:
        yield "movement_counter", float(moves), ""
    if sequence != 0xFFFF:
        yield "measurement_sequence", float(sequence), ""


def _format_3(data: bytes) -> Iterator[Named]:
    humidity, whole, hundredths, pressure, x, y, z, battery = struct.unpack(">BBBHhhhH", data[1:14])
    size = (whole & 0x7F) + hundredths / 100
    yield "humidity", humidity * 0.5, "%"
    yield "temperature", round(-size if whole & 0x80 else size, 2), "°C"
    yield "pressure", round((pressure + 50_000) / 100, 2), "hPa"
    yield from _acceleration(zip("xyz", (x, y, z), strict=True))
    yield "battery_voltage", battery / 1000, "V"


def _acceleration(axes: Iterable[tuple[str, int]]) -> Iterator[Named]:
    for axis, milli_g in axes:
        yield f"acceleration_{axis}", milli_g / 1000, "g"
