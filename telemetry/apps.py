"""Registers the app `telemetry` with Django."""

from django.apps import AppConfig


class TelemetryConfig(AppConfig):
    name = "telemetry"
    verbose_name = "History and alerts"
    default_auto_field = "django.db.models.BigAutoField"
