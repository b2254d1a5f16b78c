"""The admin pages of brokers, topics, rules and deliveries."""

from bridges.admin.brokers import BrokerAdmin
from bridges.admin.deliveries import DeliveryAdmin
from bridges.admin.rules import RuleAdmin
from bridges.admin.topics import TopicAdmin

__all__ = ["BrokerAdmin", "DeliveryAdmin", "RuleAdmin", "TopicAdmin"]
