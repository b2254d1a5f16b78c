"""Brokers, topics and rules over REST."""

from __future__ import annotations

from django.db.models import QuerySet

from bridges.api.rules import with_parts
from bridges.api.serializers import BrokerSerializer, RuleSerializer, TopicSerializer
from bridges.models import Broker, Rule, Topic
from telemetry.api.configured_views import ConfiguredViewSet, documented


@documented("Broker")
class Brokers(ConfiguredViewSet):
    """The brokers: MQTT servers that the hub connects to. Passwords and keys are taken and never answered."""

    queryset = Broker.objects.all()
    serializer_class = BrokerSerializer


@documented("Topic")
class Topics(ConfiguredViewSet):
    """The topics: subscriptions and publish targets."""

    queryset = Topic.objects.select_related("broker", "device")
    serializer_class = TopicSerializer


@documented("Rule")
class Rules(ConfiguredViewSet):
    """The rules: sources, condition, transform, actions."""

    queryset = Rule.objects.all()
    serializer_class = RuleSerializer

    def get_queryset(self) -> QuerySet[Rule]:
        """With their parts where they are shown; a change answers with the rule as it is then."""
        rules = Rule.objects.all()
        return with_parts(rules) if self.action in ("list", "retrieve") else rules
