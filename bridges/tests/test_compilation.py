"""The snapshot that the pipeline decides by, compiled from the rows."""

import pytest

from bridges.models import Broker, Topic
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
