"""The admin page of ticket templates, with a picture of what they print."""

from __future__ import annotations

import base64
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from devices.models import TicketTemplate
from devices.printing.logo import MAX_FILE_BYTES, LogoFault, prepared
from devices.printing.preview import as_png, as_text
from devices.printing.sandbox import TicketFault
from devices.ticket_template import sampled
from telemetry.admin_parts.configured import ConfiguredAdmin
from telemetry.admin_parts.option_forms import MendableForm
from telemetry.admin_parts.words import NOTHING
from telemetry.names import sentence

_WORDS = (
    "Write text as it is to stand on paper, and {{ payload.name }} for values. Words: row(left, right), line(), "
    "bold(x), big(x), center(x), right(x), underlined(x), inverted(x), wrapped(x), qr(x), barcode(x, 'EAN13'), logo(), "
    "feed(n), cut(). Filters: fixed(2, ','), date('%d.%m.%Y'), sum('price'), items, default('-'). "
    "docs/tickets.md has them all."
)


class TicketForm(MendableForm):
    """A ticket; its logo is uploaded."""

    picture = forms.FileField(
        label="New logo", required=False, help_text="PNG, JPEG, GIF, BMP or WebP; it is made black and white and small."
    )
    without_logo = forms.BooleanField(label="Remove the logo", required=False)

    class Meta:
        model = TicketTemplate
        exclude = ("edited_on_web",)
        widgets = {
            "template": forms.Textarea(attrs={"rows": 18, "cols": 90, "class": "expression"}),
            "sample": forms.Textarea(attrs={"rows": 6, "cols": 90, "class": "expression"}),
        }

    def clean(self) -> dict[str, Any]:
        """Take the logo over; without it, `logo()` in the template is a fault."""
        cleaned = super().clean() or {}
        picture: UploadedFile[Any] | None = cleaned.get("picture")
        if picture is not None:
            try:
                self.instance.logo = prepared(picture.read(MAX_FILE_BYTES + 1), int(cleaned.get("width") or 42))
                self.instance.logo_path = ""
            except LogoFault as fault:
                self.add_error("picture", sentence(fault))
        elif cleaned.get("without_logo"):
            self.instance.logo, self.instance.logo_path = b"", ""
        return cleaned


@admin.register(TicketTemplate)
class TicketAdmin(ConfiguredAdmin):
    """Tickets: what messages look like on paper."""

    form = TicketForm
    list_display = ("name", "label", "width", "code_page", "used_by")
    search_fields = ("name", "label", "template")
    actions = ()
    fieldsets = (
        (None, {"fields": ["name", "label", "template", "sample"], "description": _WORDS}),
        ("Preview", {"fields": ["picture_of_sample", "text_of_sample"]}),
        ("Logo", {"fields": ["stored_logo", "picture", "without_logo"]}),
        ("Paper and printer", {"fields": ["width", "code_page", "code_page_number", "qr_by", "time_zone"]}),
    )
    readonly_fields = ("picture_of_sample", "text_of_sample", "stored_logo")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Something to begin with."""
        return {"template": _EXAMPLE, "sample": '{"name": "Sample 7", "weight": 12.34}'}

    @admin.display(description="Printed by")
    def used_by(self, row: TicketTemplate) -> str:
        """The rules that print it."""
        return ", ".join(sorted({str(action.rule) for action in row.rule_actions.all()})) or NOTHING

    @admin.display(description="On paper")
    def picture_of_sample(self, row: TicketTemplate) -> SafeString | str:
        """What the saved template makes of its sample."""
        try:
            return _image(as_png(sampled(row), row.form())) if row.pk else "Save it to see it."
        except (ValidationError, TicketFault) as fault:
            return " ".join(getattr(fault, "messages", [str(fault)]))

    @admin.display(description="As text")
    def text_of_sample(self, row: TicketTemplate) -> SafeString | str:
        """The same in characters."""
        try:
            return format_html("<pre>{}</pre>", as_text(sampled(row), row.form())) if row.pk else NOTHING
        except (ValidationError, TicketFault):
            return NOTHING

    @admin.display(description="Logo")
    def stored_logo(self, row: TicketTemplate) -> SafeString | str:
        """As it will be printed."""
        return _image(bytes(row.logo)) if row.pk and row.logo else NOTHING


def _image(png: bytes) -> SafeString:
    data = base64.b64encode(png).decode()
    return format_html(
        '<img src="data:image/png;base64,{}" alt="" style="max-width: 100%; border: 1px solid #ccc">', data
    )


_EXAMPLE = """{{ center(big("Weighing ticket")) }}
{{ line() }}
{{ row("Sample", payload.name) }}
{{ row("Net", (payload.weight | fixed(3)) ~ " g") }}
{{ row("Date", time | date("%d.%m.%Y %H:%M")) }}
{{ line() }}
{{ center(qr(payload.name)) }}
{{ cut() }}
"""
