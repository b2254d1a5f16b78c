"""A text column that is encrypted at rest (keys: SECRET_KEY and SALT_KEY). It never serves as a filter of a query."""

from __future__ import annotations

from typing import Any

from django.db import models
from encrypted_fields.fields import EncryptedTextField


class SecretTextField(EncryptedTextField):  # type: ignore[misc]
    """The library's field, which stores '' as NULL and decrypts with a flag that threads would share."""

    def get_prep_value(self, value: Any) -> str:
        return super().get_prep_value(value) or ""

    def from_db_value(self, value: Any, *_: Any) -> Any:
        return super().to_python(value)

    def to_python(self, value: Any) -> Any:
        return models.TextField.to_python(self, value)

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        return models.TextField.clean(self, value, model_instance)
