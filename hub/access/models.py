"""The API keys. Only a hash of a key is kept; the key itself is shown once, when it is made."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from rest_framework_api_key.models import AbstractAPIKey

from hub.access.scopes import SCOPES


def check_scopes(value: object) -> None:
    """A list of known scopes, at least one; raises ValidationError."""
    if not isinstance(value, list) or not value or any(scope not in SCOPES for scope in value):
        raise ValidationError(f"Choose one or more of {', '.join(SCOPES)}.")


class ApiKey(AbstractAPIKey):
    """A key for the REST API."""

    scopes = models.JSONField(default=list, validators=[check_scopes])
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="to within ten minutes")

    class Meta(AbstractAPIKey.Meta):
        verbose_name = "API key"
        verbose_name_plural = "API keys"
