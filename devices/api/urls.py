"""The addresses of devices, below /api/v1/."""

from django.urls import path

from devices.api.ports import Detection, Ports
from devices.api.views import Devices
from telemetry.api.configured_views import ROW, ROWS

urlpatterns = [
    path("ports", Ports.as_view(), name="ports"),
    path("devices/detect", Detection.as_view(), name="devices-detect"),
    path("devices", Devices.as_view(ROWS), name="devices"),
    path("devices/<str:name>", Devices.as_view(ROW), name="device"),
]
