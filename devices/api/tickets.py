"""Ticket templates over REST and in the config file, and what they print."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError as ModelValidationError
from django.db.models import ProtectedError
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.fields import get_error_detail
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from devices.models import TicketTemplate
from devices.printing.code_pages import CODE_PAGES
from devices.printing.logo import MAX_FILE_BYTES, LogoFault, prepared
from devices.printing.preview import as_png, as_text
from devices.ticket_template import MAX_WIDTH, MIN_WIDTH, OWN, sampled
from telemetry.api.configured import ConfiguredSerializer
from telemetry.api.configured_views import ConfiguredViewSet, documented
from telemetry.api.problems import Problem

_DATA = "data:image/png;base64,"


@extend_schema_field({"type": "string", "nullable": True, "description": f"`{_DATA}...` (also jpeg, gif, bmp, webp)"})
class LogoField(serializers.Field[Any, Any, Any, Any]):
    """A picture as a data URI; null for none. In the config file also `{file: PATH}`, read at the import."""

    default_error_messages = {
        "not_a_picture": "A logo is a data URI (data:image/png;base64,...){file}, or null.",
        "unreadable": "The file {name} cannot be read: {fault}.",
        "unfit": "{fault}.",
    }

    def __init__(self) -> None:
        super().__init__(source="*", required=False, allow_null=True)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """The columns to set; raises ValidationError."""
        path = ""
        if isinstance(data, Mapping) and list(data) == ["file"] and self.context.get("for_file"):
            path = str(data["file"])
            picture = self._read(path)
        else:
            picture = self._decoded(data)
        try:
            return {"logo": prepared(picture, MAX_WIDTH), "logo_path": path}
        except LogoFault as fault:
            self.fail("unfit", fault=str(fault).capitalize())

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Null takes the logo away."""
        return {"logo": b"", "logo_path": ""} if data is None or data == "" else super().run_validation(data)

    def to_representation(self, value: TicketTemplate) -> Any:
        """The data URI; in the file the path that it came from, if it came from one."""
        if self.context.get("for_file") and value.logo_path:
            return {"file": value.logo_path}
        return _DATA + base64.b64encode(bytes(value.logo)).decode() if value.logo else None

    def _decoded(self, data: Any) -> bytes:
        head, _, text = data.partition(";base64,") if isinstance(data, str) else ("", "", "")
        if not head.startswith("data:image/") or len(text) > MAX_FILE_BYTES * 4 // 3 + 4:
            self.fail("not_a_picture", file=" or {file: PATH}" if self.context.get("for_file") else "")
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error:
            self.fail("not_a_picture", file="")

    def _read(self, path: str) -> bytes:
        try:
            with Path(path).open("rb") as file:
                return file.read(MAX_FILE_BYTES + 1)
        except (OSError, ValueError) as error:
            self.fail("unreadable", name=path, fault=getattr(error, "strerror", None) or error)


class TicketSerializer(ConfiguredSerializer[TicketTemplate]):
    """One ticket template. `logo` is a picture as a data URI."""

    template = serializers.CharField(trim_whitespace=False)
    width = serializers.IntegerField(required=False, min_value=MIN_WIDTH, max_value=MAX_WIDTH)
    code_page = serializers.ChoiceField(choices=list(CODE_PAGES), required=False)
    code_page_number = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=255)
    logo = LogoField()
    sample = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)

    class Meta:
        model = TicketTemplate
        validators: list[object] = []
        fields = [
            "name",
            "label",
            "template",
            "width",
            "code_page",
            "code_page_number",
            "time_zone",
            "qr_by",
            "logo",
            "sample",
            "edited_on_web",
            "warnings",
        ]
        read_only_fields = ["edited_on_web"]

    def build(self, attrs: Mapping[str, Any]) -> TicketTemplate:
        """The row as it would be saved; a full update without a logo has none."""
        row = super().build(attrs)
        if self.instance is not None and not self.partial and "logo" not in attrs:
            row.logo, row.logo_path = b"", ""
        return row


@documented("Ticket")
class Tickets(ConfiguredViewSet):
    """The ticket templates: how messages become receipts."""

    queryset = TicketTemplate.objects.all()
    serializer_class = TicketSerializer

    def perform_destroy(self, instance: Any) -> None:
        """Delete the row, unless a rule prints it."""
        try:
            super().perform_destroy(instance)
        except ProtectedError:
            raise Problem(409, "in_use", "A rule prints this ticket: change the rule first.") from None


class PreviewQuery(serializers.Serializer[Any]):
    """What to try a ticket on: a payload, else the ticket's own sample."""

    payload = serializers.JSONField(required=False)


class PreviewShape(serializers.Serializer[Any]):
    """How the receipt will look. `png` is base64."""

    text = serializers.CharField()
    png = serializers.CharField()


class TicketPreview(APIView):
    """What a ticket prints."""

    required_scopes = {"POST": "read"}

    @extend_schema(request=PreviewQuery, responses=PreviewShape, operation_id="tickets_preview")
    def post(self, request: Request, name: str) -> Response:
        """The receipt of a payload, as text and as a picture; nothing is printed or stored."""
        row = None if "\x00" in name else TicketTemplate.objects.filter(name=name).first()
        if row is None:
            raise Problem(404, "not_found", "There is no ticket of that name.")
        query = PreviewQuery(data=request.data)
        query.is_valid(raise_exception=True)
        try:
            receipt = sampled(row, query.validated_data.get("payload", OWN))
            shown = {
                "text": as_text(receipt, row.form()),
                "png": base64.b64encode(as_png(receipt, row.form())).decode(),
            }
        except ModelValidationError as error:
            raise serializers.ValidationError(get_error_detail(error)) from None
        return Response(shown)
