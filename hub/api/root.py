"""What stands at the root of the API, and what answers where nothing is."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponsePermanentRedirect
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

NAMES = (
    "alert-rules",
    "alerts",
    "brokers",
    "dead-letters",
    "deliveries",
    "devices",
    "events",
    "messages",
    "meter-defaults",
    "meters",
    "packet-schema",
    "packets",
    "packs",
    "ping",
    "ports",
    "readings",
    "rules",
    "seen-devices",
    "schema",
    "docs",
    "status",
    "tickets",
    "topics",
)


class Root(APIView):
    """The addresses of the API."""

    permission_classes = [AllowAny]

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """Where everything is."""
        return Response({name: request.build_absolute_uri(reverse(name)) for name in NAMES})


class PermanentRedirect(HttpResponsePermanentRedirect):
    """A redirect that keeps method and body (RFC 9110, 15.4.9)."""

    status_code = 308


class Nowhere(APIView):
    """Every address of the API that is none. One with a slash too many leads to the one without."""

    permission_classes = [AllowAny]
    throttle_classes = []

    @extend_schema(exclude=True)
    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """A redirect, or a problem."""
        bare, question, query = request.get_full_path().partition("?")
        if bare.endswith("/") and not bare.endswith("//"):
            return PermanentRedirect(bare.rstrip("/") + question + query)
        return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Nothing is here, whoever asks and whatever for."""
        raise Http404
