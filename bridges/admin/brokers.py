"""The admin pages of brokers. A stored password or key is never shown: an empty field keeps it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from bridges.models import Broker
from bridges.models.broker_checks import is_pem
from bridges.mqtt.handshake import try_connection
from bridges.sessions import mqtt_settings
from telemetry.admin_parts.configured import LIMIT_FIELDS, ConfiguredAdmin, copied_label, free_name
from telemetry.admin_parts.live_state import LinkStateColumns
from telemetry.admin_parts.option_forms import MendableForm
from telemetry.links import LinkLost, LinkRefused
from telemetry.redaction import redact

TRIAL_TIMEOUT_S = 5.0
_LIVE = ("state", "last_message", "waiting", "last_error")
_DISCOVERY = (
    "The hub describes its devices over this broker, and publishes what they measure. "
    "Switched off again, they disappear from Home Assistant."
)
_KEEPS = "One is stored. Leave this empty to keep it."


class BrokerForm(MendableForm):
    """A broker. Secrets go in and never come out."""

    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), required=False, strip=False
    )
    clear_password = forms.BooleanField(label="Remove the stored password", required=False)
    clear_tls_key = forms.BooleanField(label="Remove the stored client key", required=False)

    class Meta:
        model = Broker
        exclude = ("edited_on_web", "password_reference")
        labels = {"client_id": "Client id", "username": "User name", "will_qos": "Will QoS"}
        widgets = {name: forms.Textarea(attrs={"rows": 4}) for name in ("tls_ca", "tls_certificate", "tls_key")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored_password, self.stored_key = self.instance.password, self.instance.tls_key
        self.initial["password"] = ""
        if is_pem(self.stored_key):
            self.initial["tls_key"] = ""
        self._say_what_is_stored("password", self._password_words())
        self._say_what_is_stored("tls_key", _KEEPS if is_pem(self.stored_key) else "")

    def clean_password(self) -> str:
        """Empty keeps the stored one."""
        return str(self.cleaned_data["password"]) or self.stored_password

    def clean_tls_key(self) -> str:
        """Empty keeps a stored key, and removes a path, which was shown."""
        typed = str(self.cleaned_data["tls_key"])
        return self.stored_key if not typed and is_pem(self.stored_key) else typed

    def clean(self) -> dict[str, Any]:
        """Take away what a tick says."""
        cleaned = super().clean() or {}
        if cleaned.get("clear_password"):
            cleaned["password"] = self.instance.password = ""
        if cleaned.get("clear_tls_key"):
            cleaned["tls_key"] = self.instance.tls_key = ""
        if cleaned.get("password") != self.stored_password:
            self.instance.password_reference = ""
        return cleaned

    def _password_words(self) -> str:
        if not self.stored_password:
            return ""
        reference = self.instance.password_reference.replace(":", " ")
        return f"{_KEEPS} It came from the config file ({reference})." if reference else _KEEPS

    def _say_what_is_stored(self, name: str, words: str) -> None:
        if name in self.fields and words:
            field = self.fields[name]
            field.help_text = f"{field.help_text} {words}".strip()
            field.widget.attrs["placeholder"] = "stored"


@admin.register(Broker)
class BrokerAdmin(LinkStateColumns, ConfiguredAdmin):
    """Brokers, with the state of their sessions."""

    form = BrokerForm
    list_display = ("named", *_LIVE, "address")
    list_filter = ("is_enabled", "tls_enabled", "protocol")
    search_fields = ("name", "label", "host")
    search_help_text = "Name, label or host"
    actions = ("enable", "disable", "duplicate", "test_connection")

    def get_fieldsets(self, request: HttpRequest, obj: Broker | None = None) -> Any:
        """What everybody needs first; a tick to remove a secret only where there is one."""
        may_edit = obj is None or self.has_change_permission(request, obj)
        login = ["username", *(["password"] if may_edit else [])]
        tls = ["tls_enabled", "tls_ca", "tls_certificate"]
        if may_edit and obj and obj.password:
            login.append("clear_password")
        if may_edit:
            tls.append("tls_key")
        if may_edit and obj and is_pem(obj.tls_key):
            tls.append("clear_tls_key")
        live = [("Now", {"fields": _LIVE})] if obj else []
        session = ["client_id", "keepalive_s", "session_expiry_s", "receive_maximum"]
        will = ["will_topic", "will_payload", "will_qos", "will_retain"]
        fold = [] if obj and obj.discovery_enabled else ["collapse"]
        discovery = ["discovery_enabled", "discovery_prefix", "discovery_state_prefix"]
        return [
            (None, {"fields": ["name", "label", "is_enabled", "host", "port", "protocol", *login]}),
            *live,
            ("Encryption (TLS)", {"fields": [*tls, "tls_min_version", "tls_check_hostname"]}),
            ("Advanced: the session", {"fields": session, "classes": ["collapse"]}),
            ("Home Assistant", {"fields": discovery, "description": _DISCOVERY, "classes": fold}),
            ("Advanced: how much may go out", {"fields": LIMIT_FIELDS, "classes": ["collapse"]}),
            ("Advanced: last will", {"fields": will, "classes": ["collapse"]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), *(_LIVE if obj else ()))

    @admin.display(description="Address", ordering="host")
    def address(self, row: Broker) -> str:
        """Host, port and whether it is encrypted."""
        return f"{row.host}:{row.port}{' (TLS)' if row.tls_enabled else ''}"

    @admin.action(description="Duplicate (disabled, without its topics)", permissions=["add"])
    def duplicate(self, request: HttpRequest, queryset: QuerySet[Broker]) -> HttpResponseRedirect | None:
        """Two sessions of one client id would throw each other out, so the copy gets one of its own."""
        copies = []
        for row in queryset:
            copy = Broker.objects.get(pk=row.pk)
            copy.pk, copy._state.adding = None, True
            copy.name, copy.client_id, copy.is_enabled, copy.edited_on_web = free_name(row, row.name), "", False, True
            copy.label = copied_label(row.label)
            copy.discovery_enabled = False  # two would say the same of the same devices
            copy.save()
            copies.append(copy)
        messages.success(request, f"Copied as {', '.join(copy.name for copy in copies)}, disabled.")
        if len(copies) == 1:
            return HttpResponseRedirect(reverse("admin:bridges_broker_change", args=[copies[0].pk]))
        return None

    @admin.action(description="Test connection", permissions=["view"])
    def test_connection(self, request: HttpRequest, queryset: QuerySet[Broker]) -> None:
        """Connect once under another client id, and say how it went."""
        for row in queryset[:5]:
            try:
                try_connection(mqtt_settings(row), TRIAL_TIMEOUT_S)
            except (LinkLost, LinkRefused) as fault:
                messages.error(request, f"{row}: {redact(str(fault))}")
            else:
                messages.success(request, f"{row}: {row.host}:{row.port} accepts the connection.")
        if queryset.count() > 5:
            messages.warning(request, "Only the first five were tried.")
