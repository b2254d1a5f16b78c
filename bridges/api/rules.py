"""The JSON shape of a rule, in REST and in the config file: its row, its sources and its actions as one object."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError as ModelValidationError
from django.db.models import Model, Prefetch, QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import get_error_detail

from bridges.api.actions import ActionSerializer, with_kept_secrets
from bridges.models import Rule, RuleAction, RuleSource, Topic
from bridges.transit.checks import BATCH_FAULT, action_fault
from devices.models import Device
from devices.rights import REFUSAL, may_print_raw
from telemetry.api.configured import ConfiguredSerializer, StrictSerializer
from telemetry.api.fields import NameField

MAX_PARTS = 100
DEFAULT_INTERVAL = "default"
Part = RuleSource | RuleAction


@extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}, "nullable": True})
class TransformField(serializers.Field[Any, Any, Any, Any]):
    """An object of CEL expressions, in the order of the output; null passes the payload on unchanged."""

    default_error_messages = {
        "not_an_object": "This must be an object of expressions, or null.",
        "not_an_expression": "The value of {name!r} must be an expression, written as text.",
        "nul": "Text here may not hold the NUL character.",
    }

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """The JSON text that the model keeps; null is the empty one."""
        return "" if data is None else super().run_validation(data)

    def to_internal_value(self, data: Any) -> str:
        """The JSON text that the model keeps; raises ValidationError."""
        if not isinstance(data, Mapping):
            self.fail("not_an_object")
        text = json.dumps(
            {str(name): self._expression(name, value) for name, value in data.items()}, ensure_ascii=False
        )
        if "\\u0000" in text:
            self.fail("nul")
        return text if data else ""

    def to_representation(self, value: str) -> Any:
        """The object, its keys in their order, or None."""
        return json.loads(value) if value else None

    def _expression(self, name: Any, value: Any) -> str:
        # YAML reads {ok: true, n: 5} as values; as expressions they are written the same.
        if isinstance(value, bool | int | float):
            return json.dumps(value)
        if not isinstance(value, str):
            self.fail("not_an_expression", name=str(name))
        return value


class SourceSerializer(StrictSerializer):
    """One source: `{topic: NAME}`, `{device: NAME}` or `{packets: true}`."""

    topic = NameField("topic", queryset=Topic.objects.all(), required=False)
    device = NameField("device", queryset=Device.objects.all(), required=False)
    packets = serializers.BooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly one of the three; raises ValidationError."""
        if sum(bool(value) for value in attrs.values()) != 1:
            raise serializers.ValidationError("A source is one of {topic: NAME}, {device: NAME} or {packets: true}.")
        return attrs

    def to_representation(self, instance: RuleSource) -> dict[str, Any]:
        """The one key that says what the source is."""
        if instance.packets:
            return {"packets": True}
        return {"topic": instance.topic.name} if instance.topic else {"device": getattr(instance.device, "name", "")}


@extend_schema_field({"oneOf": [{"type": "number"}, {"type": "string", "enum": ["default"]}], "nullable": True})
class EveryField(serializers.Field[Any, Any, Any, Any]):
    """Seconds between the batches of a rule, or `default` for the hub's interval; null for a rule without batches."""

    default_error_messages = {"not_an_interval": "This must be a number of seconds, 'default', or null."}

    def to_internal_value(self, data: Any) -> float:
        """The seconds, 0 for the default; raises ValidationError."""
        if data == DEFAULT_INTERVAL:
            return 0.0
        if isinstance(data, bool) or not isinstance(data, int | float) or data == 0:
            self.fail("not_an_interval")
        return float(data)

    def to_representation(self, value: float) -> Any:
        """The number, whole if it can be."""
        return (int(value) if value.is_integer() else value) if value else DEFAULT_INTERVAL


class RuleSerializer(ConfiguredSerializer[Rule]):
    """One rule: sources -> condition -> transform -> actions. `version` rises with every save."""

    enabled = serializers.BooleanField(source="is_enabled", required=False)
    sources = SourceSerializer(many=True, max_length=MAX_PARTS)  # type: ignore[call-arg]
    every = EveryField(source="every_s", required=False, allow_null=True)
    condition = serializers.CharField(required=False, allow_blank=True)
    transform = TransformField(required=False, allow_null=True)
    sample = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    actions = ActionSerializer(many=True, max_length=MAX_PARTS)  # type: ignore[call-arg]

    class Meta:
        model = Rule
        validators: list[object] = []
        fields = [
            "name",
            "enabled",
            "sources",
            "every",
            "condition",
            "transform",
            "sample",
            "actions",
            "version",
            "edited_on_web",
            "warnings",
        ]
        read_only_fields = ["version", "edited_on_web"]

    def build(self, attrs: Mapping[str, Any]) -> Rule:
        """The rule's row, without its parts."""
        return super().build({key: value for key, value in attrs.items() if key not in ("sources", "actions")})

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """As every configured row, with the secrets that the actions keep."""
        if "actions" in attrs:
            stored = self.instance.actions.all() if self.instance is not None else ()
            attrs["actions"] = with_kept_secrets(attrs["actions"], stored, is_for_file=self.is_for_file)
        return super().validate(attrs)

    def check_parts(self, attrs: Mapping[str, Any]) -> dict[str, Any]:
        """Faults of the sources and actions, by their place in the list."""
        faults = {
            "sources": [_faults(RuleSource(rule=self._candidate, **part), part) for part in attrs.get("sources", ())],
            "actions": [self._action_faults(part) for part in attrs.get("actions", ())],
        }
        return {key: found for key, found in faults.items() if any(found)} or self._transit_faults(attrs)

    def _transit_faults(self, attrs: Mapping[str, Any]) -> dict[str, Any]:
        """What this rule does that cannot be done with messages that pass through unstored."""
        stored = self.instance
        topics = [part.get("topic") for part in attrs["sources"]] if "sources" in attrs else _topics(stored)
        if all(topic is None or topic.is_stored for topic in topics):
            return {}
        kinds = [part["kind"] for part in attrs["actions"]] if "actions" in attrs else _kinds(stored)
        faults = [{kind: [fault]} if (fault := action_fault(kind)) else {} for kind in kinds]
        found: dict[str, Any] = {"actions": faults} if any(faults) else {}
        return found | ({"every": [BATCH_FAULT]} if self._candidate.every_s is not None else {})

    def _action_faults(self, part: Mapping[str, Any]) -> dict[str, Any]:
        if part.get("is_raw") and not may_print_raw(self.context.get("request")):
            return {"raw": [REFUSAL]}
        return _faults(RuleAction(rule=self._candidate, **part), part)

    def create(self, validated_data: dict[str, Any]) -> Rule:
        """Save the rule and its parts in one transaction."""
        return self._save(validated_data)

    def update(self, instance: Rule, validated_data: dict[str, Any]) -> Rule:
        """Save the rule and replace the parts that were given, in one transaction."""
        return self._save(validated_data)

    def save(self, **kwargs: Any) -> Rule:
        """As every configured row; answers it with its parts."""
        self.instance = with_parts(Rule.objects.all()).get(pk=super().save(**kwargs).pk)
        return self.instance

    def _save(self, attrs: Mapping[str, Any]) -> Rule:
        rule = self._candidate
        rule.save()
        if "sources" in attrs:
            RuleSource.objects.filter(rule=rule).delete()
            RuleSource.objects.bulk_create([RuleSource(rule=rule, **part) for part in attrs["sources"]])
        if "actions" in attrs:
            RuleAction.objects.filter(rule=rule).delete()
            RuleAction.objects.bulk_create(_placed(rule, attrs["actions"]))
        return rule


def with_parts(rules: QuerySet[Rule]) -> QuerySet[Rule]:
    """The rules with all that their JSON shape shows, in three queries however many they are.

    Of topics and devices it shows the name: reading the rest of their columns took longer than the rule itself.
    """
    sources = RuleSource.objects.select_related("topic", "device")
    actions = RuleAction.objects.select_related("topic", "device", "ticket")
    unneeded = [f"{one}__{name}" for one, model in (("topic", Topic), ("device", Device)) for name in _columns(model)]
    parts: list[Prefetch[Any, Any, Any]] = [
        Prefetch("sources", sources.defer(*unneeded)),
        Prefetch("actions", actions.defer(*unneeded)),
    ]
    return rules.prefetch_related(*parts)


@cache
def _columns(model: type[Model]) -> list[str]:
    """The columns beside key and name."""
    return [field.attname for field in model._meta.concrete_fields if field.attname not in ("id", "name")]


def _topics(rule: Rule | None) -> list[Topic | None]:
    return [source.topic for source in RuleSource.objects.filter(rule=rule).select_related("topic")] if rule else []


def _kinds(rule: Rule | None) -> list[str]:
    return [action.kind for action in rule.actions.all()] if rule else []


def _placed(rule: Rule, actions: Sequence[Mapping[str, Any]]) -> list[RuleAction]:
    return [RuleAction(rule=rule, position=place, **part) for place, part in enumerate(actions)]


def _faults(part: Part, given: Mapping[str, Any]) -> dict[str, Any]:
    """Of one part. Its `clean` says all that its constraints do, and rows that were just read need not be sought."""
    found_rows = [name for name, value in given.items() if isinstance(value, Model)]
    try:
        part.full_clean(exclude=["rule", *found_rows], validate_constraints=False)
    except ModelValidationError as error:
        keys = {"topic": "publish", "device": "write", "options": part.kind} if isinstance(part, RuleAction) else {}
        found: Mapping[str, Any] = get_error_detail(error)  # type: ignore[assignment]
        return {keys.get(name, name): messages for name, messages in found.items()}
    return {}
