"""The admin page of API keys. A new key is shown once, right after it is made."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from rest_framework_api_key.admin import APIKeyModelAdmin
from rest_framework_api_key.models import APIKey

from hub.access.models import ApiKey
from hub.access.scopes import MEANINGS, SCOPES
from telemetry.admin_parts.typed import ModelForm, TitledAdmin


class ApiKeyForm(ModelForm):
    """A key's name, scopes and end."""

    scopes = forms.MultipleChoiceField(
        choices=[(scope, f"{scope} - {meaning}") for scope, meaning in MEANINGS.items()],
        widget=forms.CheckboxSelectMultiple,
        help_text="What the key may do.",
    )

    class Meta:
        model = ApiKey
        help_texts = {"name": "What uses it: weather station, accounting.", "expiry_date": "Empty: it never expires."}
        fields = ["name", "scopes", "expiry_date", "revoked"]

    def clean_scopes(self) -> list[str]:
        """The chosen scopes, in their own order."""
        return [scope for scope in SCOPES if scope in self.cleaned_data["scopes"]]


class ApiKeyAdmin(TitledAdmin, APIKeyModelAdmin):
    """API keys: make, look at, revoke."""

    form = ApiKeyForm
    list_display = ("name", "prefix", "scope_list", "last_used_at", "expiry_date", "revoked")
    list_filter = ("revoked",)

    @admin.display(description="scopes")
    def scope_list(self, key: ApiKey) -> str:
        """The scopes in one line."""
        return ", ".join(key.scopes)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What never changes: the prefix, when it was used, everything of a revoked key. A new one has none of it."""
        return (*super().get_readonly_fields(request, obj), "last_used_at") if obj else ()

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new key is not revoked at once."""
        return () if obj else ("revoked",)


admin.site.unregister(APIKey)  # the library's own keys open nothing here
admin.site.register(ApiKey, ApiKeyAdmin)
