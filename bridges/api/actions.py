"""The JSON shape of a rule's actions, in REST and in the config file: one key that says the kind, and its options."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from bridges.actions.base import ActionKind
from bridges.actions.registry import ACTIONS
from bridges.models import RuleAction, Topic
from devices.models import Device, TicketTemplate
from telemetry.api.configured import StrictSerializer
from telemetry.api.fields import NameField, ObjectField, SecretField, reference_shape

_SET = "_set"
_OF_WRITES = ("ticket", "raw")
Secrets = dict[str, tuple[str, str]]


@extend_schema_field(OpenApiTypes.ANY)
class OptionsField(serializers.Field[Any, Any, Any, Any]):
    """The options of one kind: an object, or for short the value of its main option.

    Secrets are taken as `SecretField` takes them, and answered as `NAME_set: true`; in the file as their reference.
    """

    default_error_messages = {"not_options": "This must be an object of options{short}."}

    def __init__(self, kind: type[ActionKind]) -> None:
        self.kind = kind
        super().__init__(source="*", required=False)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The columns of the row; raises ValidationError."""
        is_short = isinstance(data, str) and self.kind.main not in self.kind.secret_names()
        given = {self.kind.main: data} if is_short else data
        if not isinstance(given, Mapping):
            self.fail("not_options", short=f", or its {self.kind.main}" if not self.kind.secret_names() else "")
        options: dict[str, Any] = {}
        secrets: Secrets = {}
        for name, value in given.items():
            if name in self.kind.secret_names():
                secrets[name] = self._secret(name, value)
            elif str(name).removesuffix(_SET) not in self.kind.secret_names():
                options[str(name)] = value
        checked = ObjectField().run_validation(options)
        return {"kind": self.kind.name, "options": checked, "secrets": json.dumps(secrets)}

    def to_representation(self, value: RuleAction) -> Any:
        """The options without defaults and without secrets."""
        shape: dict[str, Any] = dict(value.options)
        for name, (_, origin) in value.kept_secrets.items():
            if not self.context.get("for_file"):
                shape[f"{name}{_SET}"] = True
            elif origin:
                shape[name] = reference_shape(origin)
        return shape[self.kind.main] if list(shape) == [self.kind.main] and self.kind.main in value.options else shape

    def _secret(self, name: str, value: Any) -> tuple[str, str]:
        field = SecretField("secret", reference_column="reference")
        field.bind(name, self)  # type: ignore[arg-type] # it asks its parent for the context alone
        try:
            columns = field.run_validation(value)
        except serializers.ValidationError as fault:
            raise serializers.ValidationError({name: fault.detail}) from None
        return columns["secret"], columns["reference"]


class ActionSerializer(StrictSerializer):
    """One action: `{publish: TOPIC}`, `{write: DEVICE}`, or the name of another kind with its options, such as
    `{webhook: {...}}`, or with its main option alone: `{event: NAME}`, `{script: FILE}`.
    A write to a printer may also have `ticket: NAME` or `raw: true`."""

    publish = NameField("topic", queryset=Topic.objects.all(), source="topic", required=False)
    write = NameField("device", queryset=Device.objects.all(), source="device", required=False)
    ticket = NameField("ticket", queryset=TicketTemplate.objects.all(), required=False)
    raw = serializers.BooleanField(source="is_raw", required=False)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """One field for each kind of action."""
        return super().get_fields() | {name: OptionsField(kind) for name, kind in ACTIONS.items()}

    def to_internal_value(self, data: Any) -> Any:
        """The columns of the row; raises ValidationError unless it is exactly one kind."""
        attrs = super().to_internal_value(data)
        kinds = [name for name in data if name not in _OF_WRITES]
        if len(kinds) != 1:
            known = [str(name) for name in self.fields]
            said = ", ".join(name for name in known if name not in _OF_WRITES)
            raise serializers.ValidationError(f"An action is one of {said}.")
        return attrs | {"kind": str(kinds[0])}

    def to_representation(self, instance: RuleAction) -> dict[str, Any]:
        """The one key that says what the action does."""
        if instance.kind in ACTIONS:
            return {instance.kind: self.fields[instance.kind].to_representation(instance)}
        target: Topic | Device | None = instance.topic or instance.device
        shape: dict[str, Any] = {instance.kind: target.name if target else ""}
        if instance.ticket is not None:
            shape["ticket"] = instance.ticket.name
        return shape | {"raw": True} if instance.is_raw else shape


def with_kept_secrets(
    parts: Sequence[Mapping[str, Any]], stored: Iterable[RuleAction], *, is_for_file: bool
) -> list[dict[str, Any]]:
    """The actions with the secrets of those that they replace, where they give none; no answer ever shows them.

    The first webhook replaces the first webhook, and so on. A file that leaves out a reference takes the secret away.
    """
    before: dict[str, list[RuleAction]] = defaultdict(list)
    for action in stored:
        before[action.kind].append(action)
    counts: Counter[str] = Counter()
    merged = []
    for part in parts:
        kind, number = part["kind"], counts[part["kind"]]
        counts[kind] += 1
        old = before[kind][number].kept_secrets if number < len(before[kind]) else {}
        kept = {name: pair for name, pair in old.items() if not (is_for_file and pair[1])}
        action = RuleAction()
        action.keep_secrets(kept | json.loads(part.get("secrets") or "{}"))
        merged.append(dict(part) | {"secrets": action.secrets})
    return merged
