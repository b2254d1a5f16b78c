"""Registers the app `devices` with Django."""

from django.apps import AppConfig


class DevicesConfig(AppConfig):
    name = "devices"
    verbose_name = "Devices"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the live pages what is configured, and what receipts say."""
        from devices.live_sources import register
        from devices.printing.printed_text import printed_text
        from telemetry.delivery_texts import register_delivery_text

        register()
        register_delivery_text(printed_text)
