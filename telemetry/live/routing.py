"""The address of the live WebSocket."""

from django.urls import path

from telemetry.live.consumers import LiveConsumer

websocket_urlpatterns = [path("ws/live/", LiveConsumer.as_asgi())]
