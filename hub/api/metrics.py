"""`/metrics`: for Prometheus, with a key of the scope `read`, or for everybody where METRICS_PUBLIC says so."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from telemetry.api.wire import JsonRenderer
from telemetry.metrics.exposition import exposition


class Metrics(APIView):
    """The metrics of all processes of the hub."""

    required_scopes = {"GET": "read"}

    def get_permissions(self) -> list[Any]:
        """Nobody needs a key where they are public."""
        return [AllowAny()] if settings.PATCHBAY_METRICS_PUBLIC else list(super().get_permissions())

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[JsonRenderer, str]:
        """The format is chosen by the library; what the framework renders here are refusals."""
        return JsonRenderer(), JsonRenderer.media_type

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """As text, in the format that the asker likes best."""
        text, content_type = exposition.text(request.headers.get("Accept", ""))
        return HttpResponse(text, content_type=content_type, headers={"Cache-Control": "no-store"})
