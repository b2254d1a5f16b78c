"""The admin page "Which scale is this?": pasted lines or a free port in, proposals with their reasons out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.response import TemplateResponse

from devices.detection import MAX_BYTES
from devices.identification import Candidate, PortTaken, from_bytes, from_port
from devices.port_list import ports_with_users
from telemetry.links import LinkLost, LinkRefused
from telemetry.names import sentence
from telemetry.options import OptionFault

TEMPLATE = "admin/devices/device/identify.html"


class IdentifyForm(forms.Form):
    """Where the bytes come from."""

    lines = forms.CharField(
        label="Lines that it sent",
        required=False,
        strip=False,
        max_length=MAX_BYTES,
        widget=forms.Textarea(attrs={"rows": 6, "cols": 60, "class": "expression", "spellcheck": "false"}),
        help_text="Paste some, with their blanks, as a terminal program or the history shows them.",
    )
    port = forms.ChoiceField(
        label="Or a port to listen to",
        required=False,
        help_text="Ports that no device has. The usual baud rates are tried, which takes up to 20 seconds.",
    )
    ask = forms.BooleanField(
        label="Ask it for its weight",
        required=False,
        help_text="For a scale that speaks only when asked. Never for a printer: it would print the questions.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        free = [
            (port.name, f"{port.name} ({port.words})" if port.words else port.name)
            for port, user in ports_with_users()
            if not user
        ]
        self.fields["port"].choices = [("", "None"), *free]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Exactly one source."""
        cleaned = super().clean() or {}
        if not self.errors and bool(cleaned.get("lines", "").strip()) == bool(cleaned.get("port")):
            raise forms.ValidationError("Paste lines, or choose a port.")
        return cleaned

    def candidates(self) -> Sequence[Candidate]:
        """What it may be; a port that cannot be listened to becomes an error of the form."""
        if not self.cleaned_data["port"]:
            return from_bytes(self.cleaned_data["lines"].encode())
        try:
            return from_port(self.cleaned_data["port"], asks=self.cleaned_data["ask"])
        except (OptionFault, PortTaken, LinkLost, LinkRefused) as fault:
            self.add_error("port", sentence(fault))
            return []


def identify_page(request: HttpRequest, admin: ModelAdmin[Any]) -> TemplateResponse:
    """The form, and the proposals for what it was given."""
    if not admin.has_add_permission(request):
        raise PermissionDenied
    form = IdentifyForm(request.POST or None)
    is_asked = request.method == "POST" and form.is_valid()
    candidates = form.candidates() if is_asked else []
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "title": "Which scale is this?",
        "form": form,
        "candidates": candidates,
        "is_silent": is_asked and not candidates and not form.errors,
        "media": admin.media + form.media,
    }
    return TemplateResponse(request, TEMPLATE, context)
