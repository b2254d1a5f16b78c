"""The JSON shapes of meters and of the settings for all meters of a broker, in REST and in the config file."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from bridges.meters.standing import latest_of, pending_shape, readings_shape, reported_shape
from bridges.models import Broker, Meter, MeterDefaults
from telemetry.api.configured import ConfiguredSerializer
from telemetry.api.fields import NameField


class MeterDefaultsSerializer(ConfiguredSerializer[MeterDefaults]):
    """What is wanted of all meters at one broker."""

    broker = NameField("broker", queryset=Broker.objects.all())

    class Meta:
        model = MeterDefaults
        validators: list[object] = []
        fields = [
            "name",
            "broker",
            "zone",
            "desired_seconds_interval",
            "desired_minutes_interval",
            "keeps_clock",
            "clock_every_hours",
            "clock_tolerance_s",
            "edited_on_web",
            "warnings",
        ]
        read_only_fields = ["edited_on_web"]


class MeterSerializer(ConfiguredSerializer[Meter]):
    """One meter: what is wanted of it, what it reports, which commands wait or failed, and its counters.

    `name` is its id. A wanted interval of null is that for all meters of the broker; if that is null, it is left alone.
    """

    enabled = serializers.BooleanField(source="is_enabled", required=False)
    broker = NameField("broker", queryset=Broker.objects.all())
    reported = serializers.SerializerMethodField()
    pending = serializers.SerializerMethodField()
    readings = serializers.SerializerMethodField()

    class Meta:
        model = Meter
        validators: list[object] = []
        fields = [
            "name",
            "label",
            "enabled",
            "broker",
            "context",
            "zone",
            "desired_seconds_interval",
            "desired_minutes_interval",
            "keeps_clock",
            "reported",
            "pending",
            "readings",
            "edited_on_web",
            "warnings",
        ]
        read_only_fields = ["edited_on_web"]

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_reported(self, meter: Meter) -> Any:
        """What is known of it."""
        return None if self.is_for_file else reported_shape(meter)

    @extend_schema_field({"type": "array", "items": {"type": "object"}})
    def get_pending(self, meter: Meter) -> Any:
        """Commands that wait for a reply or failed."""
        return None if self.is_for_file else pending_shape(meter)

    @extend_schema_field(OpenApiTypes.OBJECT)
    def get_readings(self, meter: Meter) -> Any:
        """Its power and its counters, as last told."""
        if self.is_for_file:
            return None
        latest = self.context["latest"] if "latest" in self.context else latest_of([meter.name])
        return readings_shape(latest.get(meter.name, {}))
