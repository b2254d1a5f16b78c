"""What connects and decides: brokers, topics and rules."""

from bridges.models.broker import Broker
from bridges.models.rule import Rule, RuleSource
from bridges.models.rule_action import RuleAction
from bridges.models.topic import Topic

__all__ = ["Broker", "Rule", "RuleAction", "RuleSource", "Topic"]
