"""Ticket templates: how a message becomes a receipt. The rendering itself is `devices.printing`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from devices.printing.code_pages import CODE_PAGES
from devices.printing.receipt import Receipt
from devices.printing.sandbox import TicketFault
from devices.printing.ticket import MAX_TEMPLATE, Ticket, TicketForm
from telemetry.models import ConfiguredModel
from telemetry.names import check_name_kept, check_slug, sentence

MAX_SAMPLE = 20_000
MIN_WIDTH, MAX_WIDTH = 16, 96


class TicketTemplate(ConfiguredModel):
    """One kind of receipt. Actions that write to a printer name it."""

    class QrBy(models.TextChoices):
        PRINTER = "printer", "the printer"
        PICTURE = "picture", "the hub, as a picture"

    name = models.CharField(
        max_length=64, unique=True, validators=[check_slug], help_text="Used in rules; never changes."
    )
    label = models.CharField(max_length=200, blank=True, help_text="What people call it.")
    template = models.TextField(
        max_length=MAX_TEMPLATE,
        help_text="Jinja. Knows payload, readings, device, topic, source, time, and the words in docs/tickets.md.",
    )
    width = models.PositiveSmallIntegerField(
        default=42,
        validators=[MinValueValidator(MIN_WIDTH), MaxValueValidator(MAX_WIDTH)],
        help_text="Characters on a line: 42 or 48 on 80 mm paper, 32 on 58 mm.",
    )
    code_page = models.CharField(max_length=20, default="cp858", choices=[(name, name) for name in CODE_PAGES])
    code_page_number = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(255)],
        help_text="For printers that count otherwise than Epson; empty: the usual number.",
    )
    time_zone = models.CharField(max_length=60, default="UTC", help_text="Of times on paper, e.g. Europe/Berlin.")
    qr_by = models.CharField(
        "QR codes drawn by",
        max_length=10,
        choices=QrBy,
        default=QrBy.PRINTER,
        help_text="Some cheap printers cannot draw them.",
    )
    logo = models.BinaryField(default=bytes, blank=True, editable=False)
    logo_path = models.CharField(max_length=500, blank=True, default="", editable=False)
    sample = models.TextField(
        max_length=MAX_SAMPLE,
        blank=True,
        help_text="A JSON payload to try the template on, for the preview and when saving.",
    )
    edited_on_web = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name = "ticket"
        constraints = [
            models.CheckConstraint(
                condition=Q(width__gte=MIN_WIDTH, width__lte=MAX_WIDTH), name="ticket_width_is_possible"
            )
        ]

    def __str__(self) -> str:
        return self.label or self.name

    def form(self) -> TicketForm:
        """What the rendering needs."""
        return TicketForm(
            template=self.template.replace("\r\n", "\n"),  # of rows that were saved as a browser sends them
            width=self.width,
            code_page=CODE_PAGES[self.code_page],
            page_number=self.code_page_number,
            zone=self.time_zone,
            logo=bytes(self.logo),
            qr_as_image=self.qr_by == self.QrBy.PICTURE,
        )

    def clean(self) -> None:
        """Compile the template and try it on the sample; each message stands at the field at fault."""
        check_name_kept(self)
        self.template, self.sample = self.template.replace("\r\n", "\n"), self.sample.replace("\r\n", "\n")
        self._clean_zone()
        if self.code_page not in CODE_PAGES or not self.template:
            return  # said at these fields already
        try:
            Ticket(self.form())
        except TicketFault as fault:
            raise ValidationError({"template": sentence(fault)}) from None
        if self.sample.strip():
            sampled(self)

    def _clean_zone(self) -> None:
        try:
            ZoneInfo(self.time_zone)
        except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
            raise ValidationError({"time_zone": "There is no such time zone; write e.g. Europe/Berlin."}) from None

    def warnings(self) -> list[str]:
        """What works but is probably not meant, in plain sentences."""
        return []


OWN = object()
"""Stands for the sample that is kept with the ticket."""


def sampled(row: TicketTemplate, payload: Any = OWN) -> Receipt:
    """The receipt of a payload, or of the row's own sample (an empty one is `{}`).

    Raises ValidationError at the field at fault.
    """
    if payload is OWN:
        payload = _own_sample(row)
    try:
        return Ticket(row.form()).receipt(sample_values(payload))
    except TicketFault as fault:
        raise ValidationError({"template": sentence(f"{fault} (tried on the sample)")}) from None


def _own_sample(row: TicketTemplate) -> Any:
    try:
        return json.loads(row.sample) if row.sample.strip() else {}
    except (ValueError, RecursionError) as error:
        raise ValidationError({"sample": f"This is not JSON: {error}."}) from None


def sample_values(payload: Any) -> dict[str, Any]:
    """What a template sees of a payload that came from nowhere; its numbers are also its readings."""
    numbers = payload.items() if isinstance(payload, dict) else ()
    return {
        "payload": payload,
        "readings": {
            name: float(value) for name, value in numbers if isinstance(value, int | float) and type(value) is not bool
        },
        "device": "device-1",
        "topic": "topic/of/message",
        "source": "device:device-1",
        "time": datetime.now(UTC),
    }
