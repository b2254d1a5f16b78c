"""The addresses of devices, below /api/v1/."""

from django.urls import path

from devices.api.views import Devices
from telemetry.api.configured_views import ROW, ROWS

urlpatterns = [
    path("devices", Devices.as_view(ROWS), name="devices"),
    path("devices/<str:name>", Devices.as_view(ROW), name="device"),
]
