"""What connects and decides: brokers, topics, rules and meters."""

from bridges.models.broker import Broker
from bridges.models.meter import Meter, MeterDefaults, MeterRequest, MeterState
from bridges.models.pack import InstalledPack, OwnPack
from bridges.models.published_document import PublishedDocument
from bridges.models.rule import Rule, RuleSource
from bridges.models.rule_action import RuleAction
from bridges.models.topic import Topic

__all__ = [
    "Broker",
    "InstalledPack",
    "Meter",
    "MeterDefaults",
    "MeterRequest",
    "MeterState",
    "OwnPack",
    "PublishedDocument",
    "Rule",
    "RuleAction",
    "RuleSource",
    "Topic",
]
