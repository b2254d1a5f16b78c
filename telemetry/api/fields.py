"""Serializer fields that the JSON shapes of all apps share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

MAX_SECRET_FILE_BYTES = 100_000
MAX_SECONDS = 2**31 - 1
"""What every database holds in a column of whole seconds."""
LIMITS = ("drain_rate", "max_waiting", "drop_policy")
"""The keys of a target's limits, see telemetry.models.limits."""


class NameField(serializers.SlugRelatedField[Any]):
    """A reference to a configured row by its name."""

    default_error_messages = {"does_not_exist": "There is no {slug_name} named {value!r}."}

    def __init__(self, noun: str, **kwargs: Any) -> None:
        self.noun = noun
        super().__init__(slug_field="name", **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        """The row of that name; raises ValidationError."""
        rows: Any = self.get_queryset()
        row = rows.filter(name=data).first() if isinstance(data, str) and "\x00" not in data else None
        if row is None:
            self.fail("does_not_exist", slug_name=self.noun, value=data)
        return row


class NumberField(serializers.FloatField):
    """A number that is answered as a whole one if it is whole: 1 stop bit, not 1.0."""

    def to_representation(self, value: Any) -> Any:
        """The number, whole if it can be."""
        number = float(value)
        return int(number) if number.is_integer() else number


@extend_schema_field(OpenApiTypes.OBJECT)
class ObjectField(serializers.JSONField):
    """A JSON object of any content, except what a database cannot hold (NUL characters)."""

    default_error_messages = {
        "not_an_object": "This must be an object.",
        "nul": "Text here may not hold the NUL character.",
    }

    def to_internal_value(self, data: Any) -> Any:
        """The object; raises ValidationError."""
        if not isinstance(data, Mapping):
            self.fail("not_an_object")
        if _holds_nul(data):
            self.fail("nul")
        return super().to_internal_value(dict(data))


def _holds_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, Mapping):
        return any(_holds_nul(part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(map(_holds_nul, value))


@extend_schema_field({"type": "string", "format": "password", "nullable": True})
class SecretField(serializers.Field[Any, Any, Any, Any]):
    """A secret: taken, never answered. Over REST it is text; in the config file only a reference:
    `{env: NAME}` or `{file: PATH}`, so that neither can make the hub read what the caller may not.

    It fills the model field `column` and, if named, `reference_column` with where the secret came from.
    With `keeps_path` a file's path is stored instead of its content.
    """

    default_error_messages = {
        "not_text": "This must be text.",
        "nul": "Text here may not hold the NUL character.",
        "not_a_reference": "A secret in a config file is a reference: {env: NAME} or {file: PATH}.",
        "reference": "References are for config files; give the secret itself here.",
        "unset": "The environment has no {name}.",
        "unreadable": "The file {name} cannot be read: {fault}.",
    }

    def __init__(self, column: str, *, reference_column: str = "", keeps_path: bool = False, **kwargs: Any) -> None:
        self.column, self.reference_column, self.keeps_path = column, reference_column, keeps_path
        super().__init__(source="*", write_only=True, required=False, allow_null=True, **kwargs)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        """The model fields to set; raises ValidationError."""
        if data is None or data == "":
            return self._columns("", "")
        if self.context.get("for_file"):
            return self._columns(*self._resolve(data))
        if isinstance(data, Mapping):
            self.fail("reference")
        if not isinstance(data, str):
            self.fail("not_text")
        if "\x00" in data:
            self.fail("nul")
        return self._columns(data, "")

    def to_representation(self, value: Any) -> Any:
        """Nothing: a secret is never answered."""
        return None

    def _columns(self, secret: str, reference: str) -> dict[str, str]:
        columns = {self.column: secret}
        return columns | {self.reference_column: reference} if self.reference_column else columns

    def _resolve(self, data: Any) -> tuple[str, str]:
        match data:
            case {"env": str(name)} if len(data) == 1:
                return self._environment(name), f"env:{name}"
            case {"file": str(name)} if len(data) == 1:
                return (name if self.keeps_path else self._read(name)), f"file:{name}"
        raise serializers.ValidationError(self.error_messages["not_a_reference"], code="not_a_reference")

    def _environment(self, name: str) -> str:
        variables: Mapping[str, str] = settings.PATCHBAY_READ_ENVIRONMENT()
        if name not in variables:
            self.fail("unset", name=name)
        return variables[name]

    def _read(self, name: str) -> str:
        try:
            with Path(name).open("rb") as file:
                return file.read(MAX_SECRET_FILE_BYTES).decode().rstrip("\r\n")
        except (OSError, ValueError) as error:
            fault = error.strerror if isinstance(error, OSError) else "it is not text"
            self.fail("unreadable", name=name, fault=fault)


def reference_shape(reference: str) -> dict[str, str]:
    """`env:NAME` as the config file writes it: `{env: NAME}`."""
    kind, _, name = reference.partition(":")
    return {kind: name}
