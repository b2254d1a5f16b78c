"""Tells from topic and payload what sent a message: one of the hub's codecs, or an ecosystem known only by name.

Pure. A message that is taken for what it is not would be misread, so the signs are narrow; what shows none is `sensor`,
or `bytes` if it is no text.
"""

from __future__ import annotations

import re
from typing import Final

from bridges.codecs import esphome, tasmota
from bridges.codecs.kpm33b_packet import is_meter_topic
from bridges.codecs.packet import packet_faults
from telemetry.values import Json

NAMED_ONLY: Final = frozenset(
    {"sparkplug-b", "chirpstack", "the-things-stack", "victron", "homie", "home-assistant-discovery", "meshtastic",
     "owntracks", "zwave-js"}
)  # fmt: skip
"""Recognised and kept, without readings."""

_ALSO_DISCOVERED: Final = frozenset(
    {"camera", "device", "device_automation", "device_tracker", "humidifier", "image", "lawn_mower", "notify", "scene",
     "siren", "tag", "vacuum", "water_heater"}
)  # fmt: skip
_COMPONENTS: Final = "|".join(sorted(esphome.COMPONENTS | _ALSO_DISCOVERED))
_TOPICS: Final = [
    (re.compile(pattern), name)
    for pattern, name in (
        (r"spBv1\.0/.+", "sparkplug-b"),
        (r"homie/.+/.+", "homie"),
        (rf"[^/]+/({_COMPONENTS})/(.+/)?[^/]+/config", "home-assistant-discovery"),
        (r"[NRW]/[^/]+/.+", "victron"),
        (r"application/[^/]+/device/[^/]+/(event|command)/.+", "chirpstack"),
        (r"v3/[^/]+/(devices/.+|as/.+|gs/.+)", "the-things-stack"),
        (r"msh/.+|.+/2/(json|e|c|map)/.*![0-9a-f]+", "meshtastic"),
        (r"owntracks/.+", "owntracks"),
        (r"zwave[^/]*/.+", "zwave-js"),
        (r".+/[^/]+toMQTT(/.*)?|.+/MQTTto[^/]+|.+/commands/MQTTto.+", "openmqttgateway"),
        (r"zigbee2mqtt/.+", "zigbee2mqtt"),
        (r"rtl_433/.+", "rtl433"),
        (r"ruuvi/[^/]+/([^/]*:[^/]*|<TAG_MAC>|gw_status)", "ruuvi"),
        (r"(.+/)?events/rpc|.+/status/[a-z0-9_]+:[0-9]+", "shelly2"),
        (r"shellies/.+", "shelly1"),
        (r".*shelly[^/]*/(online|rpc|debug/.+|status/[a-z]+)", "shelly2"),
    )
]  # fmt: skip

_KEYS: Final[tuple[tuple[frozenset[str], str], ...]] = (
    (frozenset({"deduplicationId", "deviceInfo"}), "chirpstack"),
    (frozenset({"end_device_ids"}), "the-things-stack"),
    (frozenset({"from", "to", "sender", "type"}), "meshtastic"),
    (frozenset({"_type", "tst"}), "owntracks"),
    (frozenset({"BTHome_version"}), "shelly2"),
    (frozenset({"src", "method", "params"}), "shelly2"),
    (frozenset({"gw_mac", "rssi"}), "ruuvi"),
    (frozenset({"time", "model", "mod"}), "rtl433"),
    (frozenset({"time", "model", "id", "mic"}), "rtl433"),
    (frozenset({"id", "time", "isend"}), "kpm33b"),
)


def recognise(topic: str, document: Json) -> str:
    """The name of a codec, or one of NAMED_ONLY. `document` is what the payload is as JSON, None if it is none."""
    if is_meter_topic(topic):
        return "kpm33b"
    return _by_topic(topic) or _by_keys(document) or "sensor"


def _by_topic(topic: str) -> str:
    found = next((name for pattern, name in _TOPICS if pattern.fullmatch(topic)), "")
    if found:
        return found
    prefix, _, kind = tasmota.split_topic(topic)
    if prefix and kind.upper() == kind:
        return "tasmota"
    if esphome.split_topic(topic)[1] and not topic.startswith("homeassistant/"):
        return "esphome"
    return ""


def _by_keys(document: Json) -> str:
    if not isinstance(document, dict):
        return ""
    found = next((name for keys, name in _KEYS if keys <= document.keys()), "")
    if found or not {"device_id", "timestamp", "measurements"} <= document.keys():
        return found
    return "" if packet_faults(document) else "packet"
