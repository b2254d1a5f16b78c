"""What becomes of packets that no rule takes: they go to the Topic that the first start made of MQTT_PUBLISH_TOPIC."""

from __future__ import annotations

from bridges.models import Topic
from bridges.pipeline.snapshot import ActiveRule, PublishAction
from bridges.rules.address import AddressTemplate
from bridges.rules.rule import CompiledRule

DEFAULT_TOPIC = "env-publish"
RULE = "MQTT_PUBLISH_TOPIC"
_NUMBER = 0  # in loop marks; the rows of rules count from 1


def default_packet_rules() -> tuple[ActiveRule, ...]:
    """The rule for packets while no enabled rule has them as its source; none without that Topic."""
    topic = Topic.objects.filter(name=DEFAULT_TOPIC, direction=Topic.Direction.OUT, is_enabled=True).first()
    if topic is None:
        return ()
    action = PublishAction(
        topic.name,
        topic.broker.link_key,
        AddressTemplate(topic.filter),
        topic.qos,
        topic.retain,
        topic.allow_slash,
        topic.expiry_s,
    )
    return (ActiveRule(_NUMBER, CompiledRule(RULE, 0, "", None), (action,)),)
