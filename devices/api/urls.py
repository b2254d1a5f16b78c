"""The addresses of devices, below /api/v1/."""

from django.urls import path

from devices.api.ports import Detection, Ports
from devices.api.seen import Adoption, SeenDevices
from devices.api.tickets import TicketPreview, Tickets
from devices.api.views import Devices
from telemetry.api.configured_views import ROW, ROWS

urlpatterns = [
    path("ports", Ports.as_view(), name="ports"),
    path("devices/detect", Detection.as_view(), name="devices-detect"),
    path("devices", Devices.as_view(ROWS), name="devices"),
    path("seen-devices", SeenDevices.as_view(), name="seen-devices"),
    path("seen-devices/<str:name>/adopt", Adoption.as_view(), name="seen-device-adopt"),
    path("devices/<str:name>", Devices.as_view(ROW), name="device"),
    path("tickets", Tickets.as_view(ROWS), name="tickets"),
    path("tickets/<str:name>", Tickets.as_view(ROW), name="ticket"),
    path("tickets/<str:name>/preview", TicketPreview.as_view(), name="ticket-preview"),
]
