"""What a Delivery looks like as an MQTT 5 PUBLISH."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from bridges.mqtt.outgoing_packets import PublishEncoder
from bridges.mqtt.packets import Parser, Publish
from bridges.mqtt.settings import ServerLimits
from telemetry.values import Outgoing

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def sent(properties: dict[str, str], *, is_v5: bool = True) -> Publish:
    item = Outgoing(id=uuid4(), payload=b"S S 1 g", address="lab/answer", qos=1, properties=properties)
    data = PublishEncoder(ServerLimits(), is_v5=is_v5).encode(item, 1, dup=False, now=NOW)
    (packet,) = Parser(is_v5=is_v5).feed(data)
    assert isinstance(packet, Publish)
    return packet


def test_correlation_data_comes_back_as_the_property_that_it_was() -> None:
    properties = sent({"via": "7", "correlation_data": "01ff"}).properties
    assert properties.correlation_data == b"\x01\xff"
    assert ("via", "7") in properties.user
    assert not [value for name, value in properties.user if name == "correlation_data"]


def test_an_older_broker_gets_the_answer_without_it() -> None:
    assert sent({"correlation_data": "01ff"}, is_v5=False).payload == b"S S 1 g"
