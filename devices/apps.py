"""Registers the app `devices` with Django."""

from django.apps import AppConfig


class DevicesConfig(AppConfig):
    name = "devices"
    verbose_name = "Devices"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the live pages what is configured."""
        from devices.live_sources import register

        register()
