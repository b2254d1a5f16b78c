"""The address of the event stream, below /api/v1/."""

from django.urls import path

from telemetry.live.sse import events

urlpatterns = [path("events", events, name="events")]
