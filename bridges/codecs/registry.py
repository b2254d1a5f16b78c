"""Finds codecs by name: the one list of them. A new codec is one file and one line here."""

from __future__ import annotations

from typing import Final

from bridges.codecs.auto import AutoCodec
from bridges.codecs.base import Codec
from bridges.codecs.bytes import BytesCodec
from bridges.codecs.esphome import EsphomeCodec
from bridges.codecs.json import JsonCodec
from bridges.codecs.kpm33b import Kpm33bCodec
from bridges.codecs.openmqttgateway import OpenMqttGatewayCodec
from bridges.codecs.packet import PacketCodec
from bridges.codecs.rtl433 import Rtl433Codec
from bridges.codecs.ruuvi import RuuviCodec
from bridges.codecs.sensor import SensorCodec
from bridges.codecs.shelly1 import Shelly1Codec
from bridges.codecs.shelly2 import Shelly2Codec
from bridges.codecs.tasmota import TasmotaCodec
from bridges.codecs.text import TextCodec
from bridges.codecs.zigbee2mqtt import Zigbee2MqttCodec

_ALL: Final[tuple[type[Codec], ...]] = (
    JsonCodec,
    PacketCodec,
    TextCodec,
    BytesCodec,
    AutoCodec,
    SensorCodec,
    Kpm33bCodec,
    TasmotaCodec,
    Shelly1Codec,
    Shelly2Codec,
    Zigbee2MqttCodec,
    EsphomeCodec,
    OpenMqttGatewayCodec,
    Rtl433Codec,
    RuuviCodec,
)

CODECS: Final[dict[str, type[Codec]]] = {codec.name: codec for codec in _ALL}


class UnknownCodec(ValueError):
    """There is no codec of that name."""


def codec_named(name: str) -> type[Codec]:
    """The codec's class; raises UnknownCodec."""
    if name not in CODECS:
        raise UnknownCodec(f"there is no codec {name!r}; known are {', '.join(CODECS)}")
    return CODECS[name]
