"""The `esphome` codec: one plain value a topic, `<prefix>/<component>/<object id>/state`.

ESPHome says no units over MQTT, so there are none here. 'nan' is a sensor without a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bridges.codecs.availability import availability
from bridges.codecs.base import Codec, Incoming, check_size
from bridges.codecs.document import text_or_json
from bridges.codecs.measures import measured, number_of, readings_from
from telemetry.values import Decoded, Json, Reading

COMPONENTS: Final = frozenset({
    "sensor", "binary_sensor", "switch", "light", "fan", "cover", "climate", "number", "select", "text",
    "text_sensor", "button", "lock", "valve", "event", "alarm_control_panel", "datetime", "update",
})  # fmt: skip
_NO_NUMBERS: Final = frozenset({"text", "text_sensor", "select", "datetime", "event", "button", "update"})


class EsphomeCodec(Codec):
    """The value is the text (of lights the document) or `{"available": …}`. The metric is the object id."""

    name = "esphome"
    label = "ESPHome"
    help = "Topics <prefix>/sensor/<object id>/state and <prefix>/status"

    def decode(self, state: Json, incoming: Incoming) -> tuple[Json, Sequence[Decoded]]:
        """Exactly one result; raises DecodeFault for what is not text."""
        check_size(incoming.payload)
        device, component, entity = split_topic(incoming.topic)
        if entity == ("status",) and (decoded := availability(incoming.payload, device=device)):
            return state, (decoded,)
        value = text_or_json(incoming.payload) if component == "light" else _text(incoming.payload)
        return state, (Decoded(value, _readings(value, component, entity), topic_device=device),)


def split_topic(topic: str) -> tuple[str, str, tuple[str, ...]]:
    """Prefix, component and entity: ('attic', 'climate', ('heater', 'current_temperature')). Component '' if none."""
    levels = topic.split("/")
    for places in (3, 4):
        if levels[-1] == "state" and len(levels) > places and levels[-places] in COMPONENTS:
            return "/".join(levels[:-places]), levels[-places], tuple(levels[1 - places : -1])
    return "/".join(levels[:-1]), "", (levels[-1],)


def _text(payload: bytes) -> str:
    """Log lines may hold any bytes."""
    return payload.decode("utf-8", "replace")


def _readings(value: Json, component: str, entity: tuple[str, ...]) -> tuple[Reading, ...]:
    metric = ".".join(entity)
    if not component or component in _NO_NUMBERS:
        return ()
    if isinstance(value, dict):
        return measured(value, lambda path: "", prefix=metric)
    number = number_of(value)
    return readings_from(() if number is None else ((metric, number, ""),))
