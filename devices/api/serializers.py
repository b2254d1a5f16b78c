"""The JSON shape of a device, in REST and in the config file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from devices.models import Device
from devices.rights import REFUSAL, becomes_raw, may_print_raw
from telemetry.api.configured import ConfiguredSerializer
from telemetry.api.fields import LIMITS, MAX_SECONDS, NumberField, ObjectField


class DeviceSerializer(ConfiguredSerializer[Device]):
    """One device. Durations are in seconds."""

    enabled = serializers.BooleanField(source="is_enabled", required=False)
    stop_bits = NumberField(required=False)
    write_timeout = NumberField(source="write_timeout_s", required=False)
    write_expiry = serializers.IntegerField(
        source="write_expiry_s", required=False, allow_null=True, min_value=1, max_value=MAX_SECONDS
    )
    drain_rate = NumberField(required=False, allow_null=True)
    options = ObjectField(required=False)

    class Meta:
        model = Device
        validators: list[object] = []
        fields = [
            "name",
            "label",
            "enabled",
            "driver",
            "port",
            "baud",
            "data_bits",
            "parity",
            "stop_bits",
            "flow_control",
            "write_timeout",
            "write_expiry",
            *LIMITS,
            "site",
            "options",
            "edited_on_web",
            "warnings",
        ]
        read_only_fields = ["edited_on_web"]

    def check_parts(self, attrs: Mapping[str, Any]) -> dict[str, Any]:
        """Raw bytes to a printer are a right of their own."""
        if becomes_raw(self._candidate) and not may_print_raw(self.context.get("request")):
            return {"options": {"mode": [REFUSAL]}}
        return {}
