"""Alert rules over REST and in the config file. The addresses to notify are taken and never answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from bridges.notices import check_targets
from telemetry.alerts.registry import ALERT_KINDS
from telemetry.api.configured import ConfiguredSerializer
from telemetry.api.configured_views import ConfiguredViewSet, documented
from telemetry.api.fields import ObjectField, SecretField, reference_shape
from telemetry.models import AlertRule


class AlertRuleSerializer(ConfiguredSerializer[AlertRule]):
    """One alert rule: what it watches, and whom it tells."""

    secrets = frozenset({"notify", "notify_reference"})

    enabled = serializers.BooleanField(source="is_enabled", required=False)
    kind = serializers.ChoiceField(choices=[(name, kind.label) for name, kind in ALERT_KINDS.items()])
    options = ObjectField(required=False)
    notify = SecretField(
        "notify", reference_column="notify_reference", help_text="Apprise addresses, one a line; taken, never answered"
    )
    notify_set = serializers.SerializerMethodField()

    class Meta:
        model = AlertRule
        validators: list[object] = []
        fields = [
            "name",
            "label",
            "enabled",
            "kind",
            "options",
            "severity",
            "notify",
            "notify_set",
            "edited_on_web",
            "warnings",
        ]
        read_only_fields = ["edited_on_web"]

    def get_notify_set(self, rule: AlertRule) -> bool:
        """Whether somebody is told."""
        return bool(rule.targets)

    def check_parts(self, attrs: Mapping[str, Any]) -> dict[str, Any]:
        """Addresses that nobody could be told at."""
        fault = check_targets(self._candidate.targets) if "notify" in attrs else ""
        return {"notify": [fault]} if fault else {}

    def to_representation(self, instance: AlertRule) -> dict[str, Any]:
        """The JSON shape; in the config file addresses stand as a reference, where they came from one."""
        shape = super().to_representation(instance)
        shape.pop("notify", None)
        if self.is_for_file and instance.notify and instance.notify_reference:
            shape["notify"] = reference_shape(instance.notify_reference)
        return shape


@documented("AlertRule")
class AlertRules(ConfiguredViewSet):
    """The alert rules."""

    queryset = AlertRule.objects.all()
    serializer_class = AlertRuleSerializer
