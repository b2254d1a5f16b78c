"""The `auto` codec: recognises what sent each message and reads it with the codec made for that.

What the hub only knows by name is kept and never misread: the value is `{"recognised": "homie", "payload": …}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from bridges.codecs.base import Codec, Incoming, check_size
from bridges.codecs.bytes import BytesCodec
from bridges.codecs.document import read_json, text_or_json
from bridges.codecs.esphome import EsphomeCodec
from bridges.codecs.kpm33b import Kpm33bCodec, MeterNotes
from bridges.codecs.openmqttgateway import OpenMqttGatewayCodec
from bridges.codecs.packet import PacketCodec
from bridges.codecs.recognition import NAMED_ONLY, recognise
from bridges.codecs.rtl433 import Rtl433Codec
from bridges.codecs.ruuvi import RuuviCodec
from bridges.codecs.sensor import SensorCodec, mended
from bridges.codecs.shelly1 import Shelly1Codec
from bridges.codecs.shelly2 import Shelly2Codec
from bridges.codecs.tasmota import TasmotaCodec
from bridges.codecs.zigbee2mqtt import Zigbee2MqttCodec
from bridges.codecs.zones import ZONE_OPTION
from telemetry.values import Decoded, DecodeFault, Json

_KINDS: Final[tuple[type[Codec], ...]] = (
    Kpm33bCodec, TasmotaCodec, Shelly1Codec, Shelly2Codec, Zigbee2MqttCodec, EsphomeCodec, OpenMqttGatewayCodec,
    Rtl433Codec, RuuviCodec, PacketCodec, SensorCodec, BytesCodec,
)  # fmt: skip
_FORM: Final = 1
_SAYS_NOTHING: Final = frozenset(
    {"state", "value", "values", "data", "json", "telemetry", "readings", "measurements", "attributes", "sensors"}
)


class AutoCodec(Codec):
    """The value is that of the codec that fits. Devices that nobody names are called by their topics."""

    name = "auto"
    label = "Recognise it"
    help = "Tells by topic and payload what it is: Tasmota, Shelly, Zigbee2MQTT, KPM33B, home-made sensors and more"
    is_stateful = True
    options = (ZONE_OPTION,)

    def __init__(self, given: Mapping[str, Any] | None = None) -> None:
        super().__init__(given)
        self._codecs = {
            kind.name: kind({"zone": self.given["zone"]} if ZONE_OPTION in kind.options else {}) for kind in _KINDS
        }

    def knowing(self, notes: Mapping[str, MeterNotes], others: MeterNotes) -> AutoCodec:
        """The same codec, with what is configured of single meters, and of the others."""
        other, meters = copy(self), self._codecs[Kpm33bCodec.name]
        if isinstance(meters, Kpm33bCodec):
            other._codecs = {**self._codecs, Kpm33bCodec.name: meters.knowing(notes, others)}
        return other

    def decode(self, state: Json, incoming: Incoming) -> tuple[Json, Sequence[Decoded]]:
        """As the codec that fits; raises DecodeFault as that does."""
        check_size(incoming.payload)
        is_text, document = _looked_at(incoming.payload)
        name = recognise(incoming.topic, document)
        if name in NAMED_ONLY:
            return state, (_named_only(name, incoming.payload),)
        if name == "sensor":
            if not is_text:
                return state, self._codecs["bytes"].decode(None, incoming)[1]
            return state, _by_topic(self._codecs["sensor"], incoming)
        return self._delegate(name, state, incoming)

    def flush(self, state: Json, now: datetime) -> tuple[Json, Sequence[Decoded]]:
        """What the codecs held that fitted until now."""
        results: list[Decoded] = []
        for name, held in _states(state).items():
            following, overdue = self._codecs[name].flush(held, now)
            state = _with(state, name, following)
            results += overdue
        return state, results

    def _delegate(self, name: str, state: Json, incoming: Incoming) -> tuple[Json, Sequence[Decoded]]:
        codec = self._codecs[name]
        following, results = codec.decode(_states(state).get(name), incoming)
        return (_with(state, name, following) if codec.is_stateful else state), results


def _looked_at(payload: bytes) -> tuple[bool, Json]:
    """Whether it is text, and the document if it is one."""
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False, None
    if payload.strip()[:1] not in (b"{", b"["):
        return True, None
    try:
        return True, read_json(mended(payload))
    except DecodeFault:
        return True, None


def _named_only(name: str, payload: bytes) -> Decoded:
    try:
        return Decoded({"recognised": name, "payload": text_or_json(payload)})
    except DecodeFault:
        return Decoded({"recognised": name, "size": len(payload)})


def _by_topic(sensor: Codec, incoming: Incoming) -> Sequence[Decoded]:
    """What no payload names is named by the topic: a document by all of it, a bare value by its last level."""
    levels = incoming.topic.split("/")
    while len(levels) > 1 and levels[-1].lower() in _SAYS_NOTHING:
        del levels[-1]
    _, results = sensor.decode(None, replace(incoming, topic="/".join(levels)))
    is_document = incoming.payload.strip()[:1] in (b"{", b"[")
    place = "/".join(levels if is_document else _without_last(levels))
    return [
        decoded if decoded.device or decoded.topic_device else replace(decoded, topic_device=place)
        for decoded in results
    ]


def _without_last(levels: list[str]) -> list[str]:
    rest = levels[:-1]
    while len(rest) > 1 and rest[-1].lower() in _SAYS_NOTHING:
        del rest[-1]
    return rest


def _states(state: Json) -> dict[str, Json]:
    held = state["of"] if isinstance(state, dict) and state.get("auto") == _FORM else {}
    return {name: one for name, one in held.items() if one is not None}


def _with(state: Json, name: str, following: Json) -> Json:
    """The state with that of one codec in its place; the same object if nothing changed."""
    held = _states(state)
    return state if held.get(name) is following else {"auto": _FORM, "of": {**held, name: following}}
