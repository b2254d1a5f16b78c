"""What brings a device's answer back to who asked for it by MQTT 5: a response topic in, a publication out. Pure.

Whoever may publish to a topic that commands a device also names the topic of the reply. So a reply goes only to
the broker that the question came from, to a plain topic name, and never below `$`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from uuid import UUID

import orjson

from bridges.mqtt.filters import MAX_BYTES, check_name
from devices.answers import CORRELATION, REPLY_BROKER, REPLY_TO, VIA, WHOLE
from telemetry.ids import time_of
from telemetry.recording.batch import DeliveryDraft
from telemetry.values import Arrival, storable

_BROKER_PREFIX = "broker:"
_MAX_CORRELATION = 4096  # bytes, in hexadecimal twice as many characters
NOBODY: Mapping[str, str] = {}


def asked_by(arrival: Arrival) -> Mapping[str, str]:
    """What a write that this MQTT message brings about must carry, for the answer to find back."""
    topic = arrival.properties.get("response_topic", "")
    if not topic or not arrival.link.startswith(_BROKER_PREFIX) or storable(topic, MAX_BYTES) != topic:
        return NOBODY
    asked = {REPLY_TO: topic, REPLY_BROKER: arrival.link}
    correlation = arrival.properties.get("correlation_data", "")
    return asked | {CORRELATION: correlation} if 0 < len(correlation) <= 2 * _MAX_CORRELATION else asked


def is_last_of_answer(arrival: Arrival) -> bool:
    """Whether somebody waits for the answer that this frame of a serial device ends."""
    return bool(arrival.device) and REPLY_TO in arrival.properties


def draft_reply(
    arrival: Arrival, message_id: UUID, *, brokers: Collection[str], new_id: Callable[[], UUID]
) -> DeliveryDraft:
    """The publication of the whole answer, dead at once if its topic is none that the hub publishes to."""
    said = arrival.properties
    address, target = said[REPLY_TO], said.get(REPLY_BROKER, "")
    fault = _fault(address, target, brokers)
    delivery_id = new_id()
    created_at = time_of(delivery_id)
    marks = {name: said[name] for name in (VIA, CORRELATION) if name in said}
    return DeliveryDraft(
        id=delivery_id,
        created_at=created_at,
        message_id=message_id,
        source=arrival.link,
        rule="",
        rule_version=0,
        kind="publish",
        target=target,
        topic_name="",
        address=address,
        payload=bytes.fromhex(said[WHOLE]) if WHOLE in said else arrival.payload,
        qos=1,
        is_retained=False,
        properties=orjson.dumps({VIA: "", **marks}).decode(),
        state="dead" if fault else "waiting",
        disconnects=0,
        expires_at=None,
        done_at=created_at if fault else None,
        reason=fault,
    )


def _fault(address: str, target: str, brokers: Collection[str]) -> str:
    if target not in brokers:
        return f"the reply was to go to {target or 'no broker'}, which is not configured any more"
    if address.startswith("$"):
        return "a response topic below $ belongs to the broker: nothing is published there"
    try:
        check_name(address)
    except ValueError as fault:
        return storable(f"the response topic cannot be published to: {fault}")
    return ""
