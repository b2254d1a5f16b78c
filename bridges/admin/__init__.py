"""The admin pages of brokers, topics, rules, deliveries, alerts and device packs."""

from bridges.admin.alerts import AlertAdmin, AlertRuleAdmin
from bridges.admin.brokers import BrokerAdmin
from bridges.admin.deliveries import DeliveryAdmin
from bridges.admin.meters import MeterAdmin, MeterDefaultsAdmin
from bridges.admin.packs import PackAdmin
from bridges.admin.rules import RuleAdmin
from bridges.admin.topics import TopicAdmin

__all__ = [
    "AlertAdmin",
    "AlertRuleAdmin",
    "BrokerAdmin",
    "DeliveryAdmin",
    "MeterAdmin",
    "MeterDefaultsAdmin",
    "PackAdmin",
    "RuleAdmin",
    "TopicAdmin",
]
