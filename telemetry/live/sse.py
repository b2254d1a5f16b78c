"""`GET events`: the live events as Server-Sent Events, for programs and for pages without a WebSocket."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any
from uuid import UUID

from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from telemetry.api.problems import Problem
from telemetry.api.queries import read_query
from telemetry.api.wire import JsonRenderer
from telemetry.live.event_filter import EventFilter, EventsQuery, read_last_id
from telemetry.live.event_stream import EventStream
from telemetry.live.feed import current_feed

_LAST_EVENT_ID = OpenApiParameter(
    "Last-Event-ID",
    str,
    OpenApiParameter.HEADER,
    description="begin 10 s before this message; equal ids may come again",
)


class EventStreamRenderer(JsonRenderer):
    """Lets clients ask for an event stream; what it renders itself are refusals."""

    media_type = "text/event-stream"


class Events(APIView):
    """What happens, as it happens."""

    required_scopes = {"GET": "read"}
    renderer_classes = [EventStreamRenderer, JsonRenderer]

    @extend_schema(
        parameters=[EventsQuery, _LAST_EVENT_ID], responses={(200, "text/event-stream"): str}, operation_id="events"
    )
    def get(self, request: Request) -> StreamingHttpResponse | Response:
        """Events `message` (with `id`), `link`, `delivery`, and `skipped` where a flood was thinned."""
        query = read_query(request, EventsQuery)
        last_id = read_last_id(request.headers.get("Last-Event-ID") or query.get("last_event_id", ""))
        scope = getattr(request._request, "scope", None)
        if scope is None:
            raise Problem(503, "busy", "This server cannot stream: it does not speak ASGI.")
        return StreamingHttpResponse(
            _stream(scope, EventFilter.of(query), last_id),
            content_type="text/event-stream",
            headers={"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"},
        )


async def _stream(scope: Mapping[str, Any], wanted: EventFilter, last_id: UUID | None) -> AsyncGenerator[str, None]:
    """Begun on the event loop, unlike the view."""
    async with aclosing(aiter(EventStream(current_feed(), scope, wanted, last_id=last_id))) as texts:
        async for text in texts:
            yield text


events = Events.as_view()
