"""The snapshot that the pipeline decides by, compiled from the rows."""

from datetime import UTC, datetime

import pytest

from bridges.codecs.base import Incoming
from bridges.models import Broker, Meter, Topic
from bridges.pipeline.compilation import compile_snapshot

pytestmark = pytest.mark.django_db


def test_an_in_topic_knows_its_codec_and_its_link() -> None:
    broker = Broker.objects.create(name="meters", host="127.0.0.1")
    Topic.objects.create(
        name="minutes",
        broker=broker,
        direction="in",
        filter="MQTT_ENY_NOW",
        codec="kpm33b",
        codec_options={"zone": "+01:00"},
    )
    topic = compile_snapshot().topics["minutes"]
    assert (topic.codec.name, topic.link) == ("kpm33b", "broker:meters")


def test_a_topic_with_a_wrong_codec_is_left_out_and_named() -> None:
    broker = Broker.objects.create(name="meters", host="127.0.0.1")
    Topic.objects.create(
        name="bad", broker=broker, direction="in", filter="a", codec="kpm33b", codec_options={"zone": "Mars"}
    )
    snapshot = compile_snapshot()
    assert "bad" not in snapshot.topics
    assert "Mars" in snapshot.faults["topic bad"]


@pytest.mark.parametrize("codec", ["kpm33b", "auto"])
def test_the_zone_of_a_meter_goes_before_that_of_its_topic(codec: str) -> None:
    broker = Broker.objects.create(name="meters", host="127.0.0.1")
    Topic.objects.create(
        name="in", broker=broker, direction="in", filter="#", codec=codec, codec_options={"zone": "+01:00"}
    )
    Meter.objects.create(name="33B1225950028", broker=broker, zone="+05:00")
    payload = b'{"id": "33B1225950028", "time": "20260112154000", "isend": "1", "ua": "230"}'
    at = datetime(2026, 1, 12, 10, 40, tzinfo=UTC)
    _, (decoded,) = compile_snapshot().topics["in"].codec.decode(None, Incoming(payload, at, "MQTT_RT_DATA"))
    assert decoded.time == at
