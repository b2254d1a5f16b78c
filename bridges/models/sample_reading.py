"""What a rule sees of a payload: decoded as its source decodes what arrives, and put into the rule's variables.

For trying things out only. What arrives is decoded by the pipeline, from the compiled configuration.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bridges.codecs.base import Codec, Incoming
from bridges.codecs.json import JsonCodec
from bridges.codecs.registry import codec_named
from bridges.meters.notes import Noted
from bridges.models.topic import Topic
from bridges.pipeline.rows import moment
from bridges.rules.expression import Variables
from devices.drivers.base import Driver
from devices.drivers.registry import driver_named
from devices.models import Device
from telemetry.values import PACKETS, Decoded, DecodeFault, Json

if TYPE_CHECKING:
    from bridges.models.rule import RuleSource


@dataclass(frozen=True, slots=True)
class Reader:
    """The driver of a device, or the codec of a Topic. `is_lenient`: what is no JSON is text."""

    means: Driver | Codec
    is_lenient: bool = False

    def read(self, incoming: Incoming) -> Sequence[Decoded]:
        """What this payload alone says; nothing if it is a ghost or waits for more. Raises DecodeFault."""
        return self._read(None, incoming)[1]

    def read_in_turn(self, arrived: Iterable[Incoming]) -> Iterator[Sequence[Decoded]]:
        """What each of these says after the ones before it, as when they arrived; nothing for what cannot be read."""
        state: Json = None
        for incoming in arrived:
            try:
                state, results = self._read(state, incoming)
            except ValueError:
                results = ()
            yield results

    @property
    def needs_the_earlier(self) -> bool:
        """Whether a payload says something else after others."""
        return isinstance(self.means, Codec) and self.means.is_stateful

    def _read(self, state: Json, incoming: Incoming) -> tuple[Json, Sequence[Decoded]]:
        if isinstance(self.means, Driver):
            return state, (self.means.decode(incoming.payload),)
        try:
            return self.means.decode(state, incoming)
        except DecodeFault:
            if not self.is_lenient:
                raise
            return state, (Decoded(incoming.payload.decode()),)


def reader_of(source: RuleSource | None) -> Reader:
    """How the payloads of a source are read. Those of a device behind topics by the first of these."""
    if source is None:
        return Reader(JsonCodec(), is_lenient=True)
    if source.packets:
        return packet_reader()
    if source.topic is not None:
        return topic_reader(source.topic)
    if source.device is not None and source.device.driver:
        return device_reader(source.device)
    topic = source.device and source.device.topics.first()
    return topic_reader(topic) if topic else Reader(JsonCodec(), is_lenient=True)


def packet_reader() -> Reader:
    """How packets over REST are read."""
    return Reader(codec_named("packet")())


def device_reader(device: Device) -> Reader:
    """How the frames of a serial device are read; raises ValueError for a driver that is unknown now."""
    return Reader(driver_named(device.driver)(device.options))


def topic_reader(topic: Topic) -> Reader:
    """How what comes on a Topic is read; raises ValueError for a codec that is unknown now."""
    return Reader(Noted().told_to(codec_named(topic.codec)(topic.codec_options), topic.broker_id))


def variables_of(decoded: Decoded, *, device: str, topic: str, source: str, at: datetime) -> Variables:
    """What a rule can name of it. `device` stands for what the payload itself does not say."""
    return Variables(
        payload=decoded.value,
        readings={reading.metric: reading.value for reading in decoded.readings},
        device=decoded.device or device or decoded.topic_device,
        topic=topic,
        source=source,
        time=moment(decoded, at),
    )


def device_of(source: RuleSource | None) -> str:
    """The Device that a source is bound to, '' for none."""
    device = source and (source.device or (source.topic and source.topic.device))
    return device.name if device else ""


def link_of(source: RuleSource | None) -> str:
    """What a message of this source has as its own."""
    if source is None or source.packets:
        return PACKETS
    if source.topic is not None:
        return source.topic.broker.link_key
    return source.device.link_key if source.device else ""
