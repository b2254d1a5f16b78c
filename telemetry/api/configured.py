"""The base of the serializers of configured rows: one JSON shape for REST and for the config file.

It translates names and reports faults; what is valid is decided by the models' `full_clean` alone.

Context: `for_file` (True in import and export) takes secrets as references only and answers without read-only
keys, secrets and values that equal the default; `edited_on_web` (default: not `for_file`) is stored on the row.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final, TypeVar

from django.core.exceptions import ValidationError as ModelValidationError
from django.db import IntegrityError, models
from rest_framework import serializers
from rest_framework.fields import get_error_detail
from rest_framework.validators import UniqueValidator

from telemetry.models import one_change

Row = TypeVar("Row", bound=models.Model)
Path = tuple[str, ...]
CAME_BETWEEN: Final = {"non_field_errors": ["Another change came between; read the row again and repeat yours."]}


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses keys that it does not know, so that a slip of the pen is not silently ignored."""

    def to_internal_value(self, data: Any) -> Any:
        """The values by model field; raises ValidationError for an unknown key."""
        if isinstance(data, Mapping):
            known = ", ".join(name for name, field in self.fields.items() if not field.read_only)
            unknown = [str(key) for key in data if key not in self.fields]
            if unknown:
                text = f"This is not a key here; known are {known}."
                raise serializers.ValidationError({key: [text] for key in unknown}, code="unknown_key")
        return super().to_internal_value(data)


class ConfiguredSerializer(StrictSerializer, serializers.ModelSerializer[Row]):
    """Reads and writes one configured row. A full update sets what it leaves out to its default, secrets excepted."""

    secrets: ClassVar[frozenset[str]] = frozenset()
    """Model fields that a full update keeps when they are left out, because no answer ever shows them."""

    warnings = serializers.SerializerMethodField()

    _candidate: Row

    @property
    def is_for_file(self) -> bool:
        """Whether the other side is the config file."""
        return bool(self.context.get("for_file"))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Build the row and let the model judge it; its faults come back under the keys of the JSON shape."""
        self._refuse_new_name(attrs)
        self._candidate = self.build(attrs)
        # The database asks each of its constraints anyway, as the row is saved; a file is judged whole before that.
        if faults := self._faults(attrs, with_constraints=self.is_for_file):
            raise serializers.ValidationError(faults)
        return attrs

    def build_standard_field(self, field_name: str, model_field: models.Field[Any, Any]) -> tuple[type[Any], Any]:
        """Without a validator that asks whether the value is there already: the model asks that too."""
        field, options = super().build_standard_field(field_name, model_field)
        if "validators" in options:
            options["validators"] = [one for one in options["validators"] if not isinstance(one, UniqueValidator)]
        return field, options

    def save(self, **kwargs: Any) -> Row:
        """Save the row and the new version of the configuration together; raises ValidationError."""
        try:
            with one_change():
                return super().save(**kwargs)
        except IntegrityError as error:
            self._candidate = self.build(self.validated_data)
            faults = self._faults(self.validated_data, with_constraints=True)
            raise serializers.ValidationError(faults or CAME_BETWEEN) from error

    def build(self, attrs: Mapping[str, Any]) -> Row:
        """The row as it would be saved."""
        model: Any = self.Meta.model
        row: Any = copy.copy(self.instance) if self.instance is not None else model()
        if self.instance is not None and not self.partial:
            for source in set(self._paths()) - set(attrs) - self.secrets:
                setattr(row, source, model._meta.get_field(source).get_default())
        for source, value in attrs.items():
            setattr(row, source, value)
        row.edited_on_web = self.context.get("edited_on_web", not self.is_for_file)
        built: Row = row
        return built

    def check_parts(self, attrs: Mapping[str, Any]) -> dict[str, Any]:
        """Faults of rows that belong to this one, by key; none here."""
        return {}

    def create(self, validated_data: dict[str, Any]) -> Row:
        """Save the row that was judged."""
        self._candidate.save()
        return self._candidate

    def update(self, instance: Row, validated_data: dict[str, Any]) -> Row:
        """Save the row that was judged, in the place of `instance`."""
        self._candidate.save()
        return self._candidate

    def to_representation(self, instance: Row) -> dict[str, Any]:
        """The JSON shape of the row; for the file without read-only keys and defaults."""
        shape: dict[str, Any] = super().to_representation(instance)
        if self.is_for_file:
            return self._file_form(self, shape)
        if self._is_listed:
            shape.pop("warnings", None)
        return shape

    def get_warnings(self, row: Row) -> list[str]:
        """What works but is probably not meant. Not for lists and files: looking for it may cost queries."""
        is_asked = not self._is_listed and not self.is_for_file
        found: list[str] = row.warnings() if is_asked else []  # type: ignore[attr-defined]
        return found

    def _faults(self, attrs: Mapping[str, Any], *, with_constraints: bool) -> dict[str, Any]:
        faults: dict[str, Any] = {}
        kept = [] if self.instance is None else ["name"]  # it never changes, so nobody else can have it
        try:
            self._candidate.full_clean(exclude=kept, validate_constraints=with_constraints)
        except ModelValidationError as error:
            faults = self._faults_by_path(error)
        return faults | self.check_parts(attrs)

    @property
    def _is_listed(self) -> bool:
        return isinstance(self.parent, serializers.ListSerializer)

    def _refuse_new_name(self, attrs: Mapping[str, Any]) -> None:
        old = getattr(self.instance, "name", None)
        if old is not None and attrs.get("name", old) != old:
            raise serializers.ValidationError({"name": ["A name never changes; the label may."]}, code="immutable")

    def _paths(self) -> dict[str, Path]:
        return {field.source: path for path, field in _leaves(self) if _is_column(self.Meta.model, field)}

    def _faults_by_path(self, error: ModelValidationError) -> dict[str, Any]:
        paths = self._paths()
        faults: dict[str, Any] = {}
        for name, found in get_error_detail(error).items():  # type: ignore[union-attr]
            *parents, last = paths.get(name, ("non_field_errors",))
            place = faults
            for parent in parents:
                place = place.setdefault(parent, {})
            place.setdefault(last, []).extend(found)
        return faults

    def _file_form(self, serializer: serializers.BaseSerializer[Any], shape: dict[str, Any]) -> dict[str, Any]:
        fields: Mapping[str, Any] = serializer.fields  # type: ignore[attr-defined]
        form = {}
        for key, shown in shape.items():
            field = fields[key]
            is_part = field.source == "*" and isinstance(field, serializers.Serializer)
            value = self._file_form(field, shown) or None if is_part and shown else shown
            if not field.read_only and value is not None and not self._is_default(field, value):
                form[key] = value
        return form

    def _is_default(self, field: Any, value: Any) -> bool:
        if field.required or not _is_column(self.Meta.model, field):
            return False
        model: Any = self.Meta.model
        default = model._meta.get_field(field.source).get_default()
        return bool(default is not None and value == field.to_representation(default))


def _leaves(serializer: Any, prefix: Path = ()) -> Iterator[tuple[Path, Any]]:
    for name, field in serializer.fields.items():
        path = (*prefix, name)
        if field.source == "*" and isinstance(field, serializers.Serializer):
            yield from _leaves(field, path)
        elif not field.read_only:
            yield path, getattr(field, "leaf", field)


def _is_column(model: Any, field: Any) -> bool:
    return any(field.source == column.name and column.concrete for column in model._meta.get_fields())
