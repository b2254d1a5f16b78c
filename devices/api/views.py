"""Devices over REST. Commands to them pass the outbox, so they are the bridges' matter."""

from __future__ import annotations

from devices.api.serializers import DeviceSerializer
from devices.models import Device
from telemetry.api.configured_views import ConfiguredViewSet, documented


@documented("Device")
class Devices(ConfiguredViewSet):
    """The devices: what hangs on a wire or behind a topic."""

    queryset = Device.objects.all()
    serializer_class = DeviceSerializer
