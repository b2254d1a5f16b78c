"""What a rule's expressions are tried on before it is saved: its own sample, or the last message of its sources.

A try must never stop a rule from being saved for another reason than its expressions, so what cannot be
decoded is no sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from bridges.codecs.base import Incoming
from bridges.codecs.registry import codec_named
from bridges.models.topic import Topic
from bridges.rules.expression import Variables
from devices.drivers.registry import driver_named
from devices.models import Device
from telemetry.models import Message
from telemetry.values import Decoded, DecodeFault

if TYPE_CHECKING:
    from bridges.models.rule import RuleSource

RECENT = 500
"""How many messages of a broker are looked through for the last one of a topic."""

Decode: TypeAlias = Callable[[Incoming], Sequence[Decoded]]


@dataclass(frozen=True, slots=True)
class Sample:
    """The variables of one message, and where they come from in words."""

    variables: Variables
    origin: str


def typed_sample(text: str, sources: Sequence[RuleSource], at: datetime) -> Sample | None:
    """A payload that a person typed, read as the first source reads its own; raises DecodeFault."""
    incoming = Incoming(text.encode(), at)
    source = sources[0] if sources else None
    if source is None:
        decoded = _json_or_text(incoming)
    else:
        results = _decode_of(source)(incoming)
        if not results:
            return None
        decoded = results[0]
    device = decoded.device or _device_of(source) or decoded.topic_device
    return Sample(_variables(decoded, device=device, topic="", source=_key_of(source), at=at), "the sample")


def last_sample(sources: Iterable[RuleSource]) -> Sample | None:
    """The newest stored message of the first source that has one which can be read."""
    for source in sources:
        message = _last_message(source)
        decoded = message and _read(message)
        if message and decoded:
            device = decoded.device or message.device
            variables = _variables(
                decoded, device=device, topic=message.topic, source=message.source, at=message.received_at
            )
            return Sample(variables, f"the last message of {source}")
    return None


def _last_message(source: RuleSource) -> Message | None:
    found = Message.objects.filter(fault="", kind=Message.Kind.MESSAGE).order_by("-id")
    if source.packets:
        return found.filter(source="packets").first()
    if source.device is not None:
        return found.filter(device=source.device.name).first()
    if source.topic is None:
        return None
    recent = Message.objects.filter(source=source.topic.broker.link_key).order_by("-id").values_list("pk", flat=True)
    return found.filter(pk__in=list(recent[:RECENT]), topic_name=source.topic.name).first()


def _read(message: Message) -> Decoded | None:
    """What the message says to a rule now; None if its source is gone or makes nothing of it."""
    kind, _, name = message.source.partition(":")
    incoming = Incoming(bytes(message.payload), message.received_at, message.topic)
    try:
        if kind == "device":
            device = Device.objects.filter(name=name).exclude(driver="").first()
            return _driver_decode(device)(incoming)[0] if device else None
        topic = Topic.objects.filter(name=message.topic_name).first()
        decode = _topic_decode(topic) if topic else _codec_decode("packet") if kind == "packets" else None
        results = decode(incoming) if decode else ()
    except ValueError:
        return None
    return results[0] if results else None


def _decode_of(source: RuleSource) -> Decode:
    """How the payloads of a source are read. Those of a device behind topics by the first of these."""
    if source.packets:
        return _codec_decode("packet")
    if source.topic is not None:
        return _topic_decode(source.topic)
    if source.device is not None and source.device.driver:
        return _driver_decode(source.device)
    topic = source.device and source.device.topics.first()
    return _topic_decode(topic) if topic else lambda incoming: (_json_or_text(incoming),)


def _driver_decode(device: Device) -> Decode:
    driver = driver_named(device.driver)(device.options)
    return lambda incoming: (driver.decode(incoming.payload),)


def _topic_decode(topic: Topic) -> Decode:
    return _codec_decode(topic.codec, topic.codec_options)


def _codec_decode(name: str, options: Mapping[str, Any] | None = None) -> Decode:
    codec = codec_named(name)(options)
    return lambda incoming: codec.decode(None, incoming)[1]


def _json_or_text(incoming: Incoming) -> Decoded:
    try:
        return _codec_decode("json")(incoming)[0]
    except DecodeFault:
        return Decoded(incoming.payload.decode())


def _variables(decoded: Decoded, *, device: str, topic: str, source: str, at: datetime) -> Variables:
    return Variables(
        payload=decoded.value,
        readings={reading.metric: reading.value for reading in decoded.readings},
        device=device,
        topic=topic,
        source=source,
        time=decoded.time or at,
    )


def _device_of(source: RuleSource | None) -> str:
    device = source and (source.device or (source.topic and source.topic.device))
    return device.name if device else ""


def _key_of(source: RuleSource | None) -> str:
    if source is None or source.packets:
        return "packets"
    if source.topic is not None:
        return source.topic.broker.link_key
    return source.device.link_key if source.device else ""
